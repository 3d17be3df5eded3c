using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Whatever a server sends: no call hangs, none crashes, none gets what was meant for another.</summary>
public sealed class ReplyFuzzTests
{
    [Fact]
    public async Task Replies_may_be_split_at_every_byte()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        for (var split = 1; split < 40; split++)
        {
            server.Faults.SplitEvery = split;
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => RoundAsync(client, $"{split}:{i}")));
            Assert.DoesNotContain(false, answers);
        }

        Assert.Equal(1, server.AcceptedConnections);
    }

    [Fact]
    public async Task A_reply_cut_off_at_any_byte_fails_its_call_and_those_behind_it_and_nothing_else()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        var value = new byte[50];
        for (var cut = 0; cut < 60; cut++)
        {
            var at = cut;
            await Eventually(async () => await client.SetAsync("k", value));
            server.Faults.OnCommand = line => line.StartsWith("mg cut", StringComparison.Ordinal) ? FakeFault.CloseWithinReply(at) : null;
            await client.SetAsync("cut", value);
            var before = client.GetAsync("k").AsTask();
            var failing = client.GetAsync("cut").AsTask();
            var behind = client.GetAsync("k").AsTask();

            Assert.Equal(value, await before.WaitAsync(TimeSpan.FromMinutes(3)));
            var e = await Assert.ThrowsAnyAsync<MemcachedException>(() => failing.WaitAsync(TimeSpan.FromMinutes(3)));
            Assert.True(e is { IsTransient: true, OutcomeUnknown: true });
            await Record.ExceptionAsync(() => behind.WaitAsync(TimeSpan.FromMinutes(3)));
            server.Faults.Clear();
        }
    }

    [Fact]
    public async Task Random_bytes_end_the_connection_and_the_next_one_works()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        var random = new Random(7);
        string[] pieces =
        [
            "HD\r\n",
            "EN\r\n",
            "VA 3 c1\r\nabc\r\n",
            "VA 100000000\r\n",
            "VA 5\r\nabcdefg\r\n",
            "MN\r\n",
            "ERROR\r\n",
            "CLIENT_ERROR bad data chunk\r\n",
            "END\r\n",
            "STAT a b\r\n",
            "\0\0",
            "\r\n",
            "HD",
        ];
        for (var round = 0; round < 150; round++)
        {
            await Eventually(async () => await RoundAsync(client, $"good:{round}"));
            var garbage = round % 2 == 0
                ? Encoding.ASCII.GetBytes(
                    string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => pieces[random.Next(pieces.Length)])))
                : Enumerable.Range(0, random.Next(1, 200)).Select(_ => (byte)random.Next(256)).ToArray();
            server.Faults.OnCommand = line => line.Contains("spoiled", StringComparison.Ordinal)
                ? FakeFault.GarbageAndClose(garbage)
                : null;

            var calls = new Task[]
            {
                client.GetAsync("spoiled").AsTask(),
                client.DeleteAsync("spoiled").AsTask(),
                client.Servers[0].ExecuteAsync(new[] { MetaCommand.Get("spoiled"u8.ToArray()), MetaCommand.NoOp() }),
                client.GetAsync("other").AsTask(),
            };
            foreach (var call in calls)
            {
                var e = await Record.ExceptionAsync(() => call.WaitAsync(TimeSpan.FromMinutes(3)));
                Assert.True(e is null or MemcachedException, $"{e}");
            }

            server.Faults.Clear();
        }
    }

    [Fact]
    public async Task A_reply_too_few_or_too_many_is_found_out_when_replies_are_verified()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.SetAsync("a", "of a"u8.ToArray());
        await client.SetAsync("b", "of b"u8.ToArray());
        server.Faults.OnCommand = line => line.StartsWith("mg drop", StringComparison.Ordinal) ? FakeFault.Drop : null;

        // Answered together: otherwise the first may be found out before the others are sent, and they go by the next connection.
        server.HoldReplies();
        var dropped = client.GetAsync("drop").AsTask();
        var a = client.GetAsync("a").AsTask();
        var b = client.GetAsync("b").AsTask();
        await TestSupport.Eventually.BecomesTrueAsync(
            () => server.Commands.Any(command => command.StartsWith("mg b ", StringComparison.Ordinal)), "all three are there");
        server.ReleaseReplies();

        Assert.IsType<MemcachedProtocolException>(await Record.ExceptionAsync(() => dropped));
        Assert.IsType<MemcachedProtocolException>(await Record.ExceptionAsync(() => a));
        Assert.IsType<MemcachedProtocolException>(await Record.ExceptionAsync(() => b));
    }

    private static MemcachedClient New(FakeMemcached server) => new(new MemcachedOptions
    {
        Servers = { server.Address },
        OperationTimeout = TimeSpan.FromSeconds(10),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ReconnectDelay = TimeSpan.FromMilliseconds(1),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(5),
        VerifyReplies = true,
    });

    private static async Task<bool> RoundAsync(MemcachedClient client, string key)
    {
        var value = Encoding.ASCII.GetBytes($"value of {key}");
        await client.SetAsync(key, value);
        return (await client.GetAsync(key))!.AsSpan().SequenceEqual(value) && await client.DeleteAsync(key);
    }

    private static Task Eventually(Func<Task<bool>> call) => TestSupport.Eventually.BecomesTrueAsync(
        async () =>
        {
            try
            {
                return await call();
            }
            catch (MemcachedException)
            {
                return false;
            }
        },
        "the client works again");
}
