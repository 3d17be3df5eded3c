using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>Servers that send invalid messages.</summary>
public sealed class MalformedMessageTests
{
    public static TheoryData<string> Bytes() =>
    [
        "ffffffff",                                                         // a negative length
        "00000002 0001",                                                    // no header
        "00000010 00000063 0000000000000001 00000000",                      // a reply to nothing
        "00000010 fffffff0 0000000000000001 00000000",                      // an unknown id
        "00000010 7fffffff 0000000000000001 00000000",
        "00000014 ffffffff 0000000000000001 00000000 00000003",             // a notification that is cut off
        "0000001c ffffffff 0000000000000001 00000000 00000003 00000003 7fffffff",
        "7fffffff 00000063 0000000000000001 00000000",                      // 2 GiB for nothing
        "7fffffff ffffffff 0000000000000001 00000000",
        "00000010 fffffff8 0000000000000001 fffffffb",                      // setWatches refused
    ];

    [Theory]
    [MemberData(nameof(Bytes))]
    public async Task An_invalid_message_closes_the_connection_and_the_client_reconnects(string hexadecimal)
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        var session = client.SessionId;
        var faults = 0;
        var bytes = Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal));
        server.OnRequest = request => request.Operation == "SetData" && faults++ == 0 ? FakeFault.Send(bytes) : null;

        var lost = await Assert.ThrowsAsync<ConnectionLossException>(
            () => client.SetDataAsync("/", null).AsTask().WaitAsync(TestClients.Patience));

        Assert.True(lost.IsOutcomeUnknown);
        await client.SetDataAsync("/", null).AsTask().WaitAsync(TestClients.Patience);
        Assert.Equal(session, client.SessionId);
    }

    [Fact]
    public async Task Random_frames_neither_stop_the_client_nor_leak_memory()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", new byte[50]);
        await using var client = await server.ConnectAsync(options =>
        {
            options.RequestTimeout = TimeSpan.FromMilliseconds(50);
            options.LivenessTimeout = TimeSpan.FromMilliseconds(100);
        });
        var rounds = int.Parse(
            Environment.GetEnvironmentVariable("NEARCACHE_FUZZ") ?? "300", System.Globalization.CultureInfo.InvariantCulture);
        server.OnRequest = request => request.Operation == "GetData" && random.Next(2) == 0
            ? FakeFault.Send(Spoil(random, request.Id))
            : null;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < rounds; i++)
        {
            try
            {
                await client.GetDataAsync("/a", _ => { }).AsTask().WaitAsync(TestClients.Patience);
            }
            catch (ZooKeeperException)
            {
                // Any exception of the client is acceptable here.
            }
        }

        server.OnRequest = null;
        await Eventually.BecomesTrueAsync(
            async () => await client.GetDataAsync("/a").AsTask().ContinueWith(read => read.Exception is null, TaskScheduler.Default),
            "the client reads again");
        // Tests that run in parallel allocate memory, too.
        await Eventually.BecomesTrueAsync(
            () => GC.GetTotalMemory(forceFullCollection: true) - before < 20_000_000,
            "the client has kept no memory",
            TimeSpan.FromMinutes(5));
    }

    // A frame that starts correctly: the right id, then noise. Or noise from the start.
    private static byte[] Spoil(Random random, int id)
    {
        var noise = new byte[random.Next(4, 120)];
        random.NextBytes(noise);
        var claimed = random.Next(4) switch { 0 => random.Next(), 1 => noise.Length + random.Next(-3, 4), _ => noise.Length };
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(noise, Math.Max(claimed - 4, 0));
        if (random.Next(3) > 0 && noise.Length >= 20)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(noise.AsSpan(4), random.Next(3) == 0 ? -1 : id);
            noise.AsSpan(8, 12).Clear();
        }

        return noise;
    }
}
