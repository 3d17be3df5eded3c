using System.Buffers;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>
/// Every call that takes memory of the caller's, ended in every way at every stage: the memory is overwritten at once, and the server never
/// stores what it was overwritten with.
/// </summary>
public sealed class BufferOwnershipTests
{
    private const byte Good = 0x11;
    private const byte Foreign = 0xEE;

    // More than the buffers of two sockets take.
    private const int HalfSentBytes = 8 << 20;

    private static readonly (string Name, Func<Call, Task> Run)[] Calls =
    [
        ("set", call => call.Client.SetAsync("k", call.Value, cancellationToken: call.Token).AsTask()),
        (
            "set of a sequence",
            call => call.Client.SetAsync("k", new ReadOnlySequence<byte>(call.Value), cancellationToken: call.Token).AsTask()),
        ("set of a sequence of two", call => call.Client.SetAsync("k", Segment.Two(call.Value), cancellationToken: call.Token).AsTask()),
        (
            "set of memory that is no array",
            call => call.Client.SetAsync("k", new Unmanaged(call.Value).Memory, cancellationToken: call.Token).AsTask()),
        ("add", call => call.Client.AddAsync("k", call.Value, cancellationToken: call.Token).AsTask()),
        ("replace", call => call.Client.ReplaceAsync("old", call.Value, cancellationToken: call.Token).AsTask()),
        ("append", call => call.Client.AppendAsync("old", call.Value, cancellationToken: call.Token).AsTask()),
        ("prepend", call => call.Client.PrependAsync("old", call.Value, cancellationToken: call.Token).AsTask()),
        ("compare and set", call => call.Client.CompareAndSetAsync("old", call.Value, 1, cancellationToken: call.Token).AsTask()),
        (
            "set many",
            call => call.Client.SetManyAsync(
                [.. "abc".Select(name => KeyValuePair.Create($"k{name}", (ReadOnlyMemory<byte>)call.Value))],
                cancellationToken: call.Token)),
        ("command", call => call.Client.ExecuteAsync(MetaCommand.Set(call.Key, call.Value), call.Token).AsTask()),
        (
            "group",
            call => call.Client.Servers[0].ExecuteAsync(
                call.Group =
                [
                    MetaCommand.Set(call.Key, call.Value), MetaCommand.Get(call.Key), MetaCommand.Set("k2"u8.ToArray(), call.Value)
                ],
                call.Token)),
    ];

    public enum Stage
    {
        /// <summary>Nothing is in line: there is no room.</summary>
        WaitsForRoom,

        /// <summary>In line, before the connection is open.</summary>
        Connecting,

        /// <summary>In line behind a value that the server does not take.</summary>
        Behind,

        /// <summary>A part of the value is with the system.</summary>
        HalfSent,

        /// <summary>The server has it and does not answer.</summary>
        Sent,
    }

    public enum Ending
    {
        Cancelled,
        TimedOut,
        Disposed,
    }

    public static TheoryData<Stage, Ending, int> Cases => [.. from stage in Enum.GetValues<Stage>()
        from ending in Enum.GetValues<Ending>()
        from size in stage == Stage.HalfSent ? [HalfSentBytes] : new[] { 100, 200_000 }
        select (stage, ending, size)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Nothing_foreign_is_stored_however_a_call_ends(Stage stage, Ending ending, int size)
    {
        foreach (var (name, run) in Calls)
        {
            await using var server = FakeMemcached.Start();
            server.MaxValueBytes = int.MaxValue;
            await using var proxy = FaultProxy.Start(server.Port);
            await using (var direct = new MemcachedClient(new MemcachedOptions { Servers = { server.Address } }))
            {
                await direct.SetAsync("old", new[] { Good });
            }

            var time = new ManualTime();
            await using var client = new MemcachedClient(
                new MemcachedOptions
                {
                    Servers = { proxy.Address },
                    MaxValueBytes = 2 * HalfSentBytes,
                    MaxInFlightCommands = stage == Stage.WaitsForRoom ? 1 : 100,
                    MaxReconnectDelay = TimeSpan.FromMinutes(5),
                    ReconnectDelay = TimeSpan.FromMinutes(5),
                },
                timeProvider: time);
            await ArrangeAsync(stage, client, proxy, server);

            using var cancel = new CancellationTokenSource();
            var call = new Call(client, "k"u8.ToArray(), Enumerable.Repeat(Good, size).ToArray(), cancel.Token);
            var running = RunAsync(run, call);
            await IsReachedAsync(stage, client, server);
            switch (ending)
            {
                case Ending.Cancelled:
                    await cancel.CancelAsync();
                    break;
                case Ending.TimedOut:
                    await Eventually.BecomesTrueAsync(() => Passes(time, running), $"{name} times out");
                    break;
                default:
                    await client.DisposeAsync();
                    break;
            }

            Assert.NotNull(await running.WaitAsync(TimeSpan.FromSeconds(60)));
            proxy.Heal();
            server.ReleaseReplies();
            if (ending == Ending.Cancelled)
            {
                // In order behind all that was sent: no reply is taken for another's, whatever became of the caller's commands.
                Assert.Null(await client.GetAsync("behind").AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
                Assert.Equal(1, proxy.Accepted);
            }
            else
            {
                await client.DisposeAsync();
                await Eventually.BecomesTrueAsync(
                    () => server.OpenConnections == 0 && proxy.Connections == 0, "all that was sent has arrived");
            }

            Assert.All(
                server.Items.Where(item => item.Key != "big"), item => Assert.Equal(-1, item.Value.Value.AsSpan().IndexOfAnyExcept(Good)));
        }
    }

    private static async Task ArrangeAsync(Stage stage, MemcachedClient client, FaultProxy proxy, FakeMemcached server)
    {
        if (stage == Stage.Connecting)
        {
            proxy.Hold();
            return;
        }

        await client.GetAsync("warm");
        switch (stage)
        {
            case Stage.WaitsForRoom:
                server.HoldReplies();
                _ = RunAsync(call => call.Client.GetAsync("first").AsTask(), new Call(client, [], [], CancellationToken.None));
                break;
            case Stage.Behind:
                proxy.Hold();
                _ = RunAsync(
                    call => call.Client.SetAsync("big", new byte[HalfSentBytes]).AsTask(),
                    new Call(client, [], [], CancellationToken.None));
                break;
            case Stage.HalfSent:
                proxy.Hold();
                break;
            default:
                server.HoldReplies();
                break;
        }
    }

    private static async Task IsReachedAsync(Stage stage, MemcachedClient client, FakeMemcached server)
    {
        switch (stage)
        {
            case Stage.HalfSent:
                await Eventually.BecomesTrueAsync(() => client.Servers[0].Connections.Single().BytesSent > 100_000, "a part is sent");
                Assert.InRange(client.Servers[0].Connections.Single().BytesSent, 1, HalfSentBytes);
                break;
            case Stage.Sent:
                await Eventually.BecomesTrueAsync(
                    () =>
                        server.Commands.Any(
                            command => command.StartsWith("ms k", StringComparison.Ordinal)
                                || command.StartsWith("ms old", StringComparison.Ordinal)),
                    "the server has it");
                break;
        }
    }

    private static bool Passes(ManualTime time, Task running)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return running.IsCompleted;
    }

    // What the caller does next with its memory, at once.
    private static async Task<Exception?> RunAsync(Func<Call, Task> run, Call call)
    {
        try
        {
            await run(call);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            Array.Fill(call.Value, Foreign);
            Array.Fill(call.Key, (byte)'x');
            Array.Fill(call.Group, MetaCommand.Delete("old"u8.ToArray()));
        }
    }

    private sealed record Call(MemcachedClient Client, byte[] Key, byte[] Value, CancellationToken Token)
    {
        public MetaCommand[] Group { get; set; } = [];
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Two(byte[] bytes)
        {
            var second = new Segment { Memory = bytes.AsMemory(bytes.Length / 2), RunningIndex = bytes.Length / 2 };
            return new ReadOnlySequence<byte>(
                new Segment { Memory = bytes.AsMemory(0, bytes.Length / 2), Next = second }, 0, second, second.Memory.Length);
        }
    }

    private sealed class Unmanaged(byte[] bytes) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
