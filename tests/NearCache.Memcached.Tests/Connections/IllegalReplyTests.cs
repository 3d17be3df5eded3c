using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>
/// Every question against every reply: what it cannot be answered with is a protocol error that closes the connection, and never a result.
/// </summary>
public sealed class IllegalReplyTests
{
    private const string Hit = "VA 3\r\nabc\r\n";

    private static readonly string[] Replies =
    [
        "HD\r\n", "HD c7\r\n", "HD c7 s1\r\n", "HD W\r\n", "HD t5\r\n", Hit, "VA 0\r\n\r\n", "VA 3 c7\r\nabc\r\n", "VA 3 c7 f1\r\nabc\r\n",
        "VA 3 c7 c7\r\nabc\r\n", "VA 1 c7\r\n5\r\n", "VA 1\r\n5\r\n", "VA 1 W\r\n5\r\n",
        "VA 2\r\n-5\r\n", "VA 2\r\n+5\r\n", "VA 4\r\n999 \r\n", "VA 20\r\n18446744073709551616\r\n", "VA 20\r\n18446744073709551615\r\n",
        "VA 70000\r\nx", "VA 3\r\nabcd\r\n", "VA -1\r\n", "VA 3 q\r\nabc\r\n", "VA\r\n",
        "EN\r\n", "EN W\r\n", "NS\r\n", "EX\r\n", "NF\r\n", "MN\r\n", "ME k\r\n",
        "OK\r\n", "STORED\r\n", "DELETED\r\n", "END\r\n", "RESET\r\n", "VERSION 1.6.18\r\n", "VERSION \r\n", "STAT a b\r\nEND\r\n",
        "STAT a b\r\nOK\r\n", "STAT x an_ERROR\r\nEND\r\n", "PREFIX a b\r\nEND\r\n", "ITEM a b\r\nEND\r\n",
        "VALUE k 0 3\r\nabc\r\nEND\r\n",
        "ERROR\r\n", "ERRORS\r\n", "SERVER_ERROR out of memory\r\n", "CLIENT_ERROR bad data chunk\r\n", "CLIENT_ERROR invalid flag\r\n",
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
        "5\r\n", "\r\n", "\n", "hd\r\n", "HD \r\n",
    ];

    // The name, the call, and the replies that it can have; "!" marks those that are an error of this call alone.
    private static readonly Question[] Questions =
    [
        new("get", async client => await client.GetAsync("k"), Values),
        new("get into a writer", async client => await client.GetAsync("k", new System.Buffers.ArrayBufferWriter<byte>()), Values),
        new(
            "get with cas",
            async client => await client.GetAsync("k", MetaFields.Value | MetaFields.Cas),
            ["VA 3 c7\r\nabc\r\n", "VA 1 c7\r\n5\r\n", "EN\r\n", .. Errors]),
        new("get of cas", async client => await client.GetAsync("k", MetaFields.Cas), ["HD c7\r\n", "EN\r\n", .. Errors]),
        new(
            "get of nothing",
            async client => await client.TouchAsync("k", TimeSpan.FromSeconds(5)),
            ["HD\r\n", "HD W\r\n", "HD \r\n", "EN\r\n", .. Errors]),
        new("get many", async client => await client.GetManyAsync(["k"]), Values),
        new("set", async client => await client.SetAsync("k", "v"u8.ToArray()), ["HD\r\n", "HD \r\n", .. Errors]),
        new(
            "set many",
            async client => await client.SetManyAsync([KeyValuePair.Create("k", (ReadOnlyMemory<byte>)"v"u8.ToArray())]),
            ["HD\r\n", "HD \r\n", .. Errors]),
        new("add", async client => await client.AddAsync("k", "v"u8.ToArray()), ["HD\r\n", "HD \r\n", "NS\r\n", .. Errors]),
        new("append", async client => await client.AppendAsync("k", "v"u8.ToArray()), ["HD\r\n", "HD \r\n", "NS\r\n", .. Errors]),
        new(
            "compare and set",
            async client => await client.CompareAndSetAsync("k", "v"u8.ToArray(), 7),
            ["HD c7\r\n", "HD c7 s1\r\n", "NS\r\n", "EX\r\n", "NF\r\n", .. Errors]),
        new("delete", async client => await client.DeleteAsync("k"), ["HD\r\n", "HD \r\n", "NF\r\n", .. Errors]),
        new(
            "delete if",
            async client => await client.ExecuteAsync(MetaCommand.Delete("k"u8.ToArray()) with { CompareCas = 7 }),
            ["HD\r\n", "HD \r\n", "NF\r\n", "EX\r\n", .. Errors]),
        new("increment", async client => await client.IncrementAsync("k"), [.. Numbers, "NF\r\n", .. Errors, Uncountable]),
        new(
            "increment or make",
            async client => await client.IncrementAsync("k", initial: 1),
            [.. Numbers, "NS\r\n", .. Errors, Uncountable]),
        new(
            "increment unseen",
            async client => await client.ExecuteAsync(MetaCommand.Increment("k"u8.ToArray()) with { Return = MetaFields.None }),
            ["HD\r\n", "HD \r\n", "NF\r\n", .. Errors, Uncountable]),
        new("no-op", async client => await client.Servers[0].ExecuteAsync(new[] { MetaCommand.NoOp() }), ["MN\r\n"]),
        new("version", async client => await client.Servers[0].GetVersionAsync(), ["VERSION 1.6.18\r\n", "ERROR\r\n", .. Refusals]),
        new("flush_all", async client => await client.Servers[0].FlushAllAsync(), ["OK\r\n", "ERROR\r\n", .. Refusals]),
        new(
            "stats",
            async client => await client.Servers[0].GetStatisticsAsync(),
            ["STAT a b\r\nEND\r\n", "STAT x an_ERROR\r\nEND\r\n", "END\r\n", "ERROR\r\n", .. Refusals]),
        new("stats reset", async client => await client.Servers[0].GetStatisticsAsync("reset"), ["RESET\r\n", "ERROR\r\n", .. Refusals]),
        new(
            "stats detail on",
            async client => await client.Servers[0].GetStatisticsAsync("detail on"),
            ["OK\r\n", "ERROR\r\n", .. Refusals]),
        new(
            "stats detail dump",
            async client => await client.Servers[0].GetStatisticsAsync("detail dump"),
            ["PREFIX a b\r\nEND\r\n", "END\r\n", "ERROR\r\n", .. Refusals]),
    ];

    public static TheoryData<string> Names => [.. Questions.Select(question => question.Name)];

    private static string[] Errors => ["SERVER_ERROR out of memory\r\n", "CLIENT_ERROR invalid flag\r\n"];

    private static string[] Refusals => [.. Errors, "CLIENT_ERROR bad data chunk\r\n", Uncountable];

    private static string Uncountable => "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";

    private static string[] Numbers => ["VA 1\r\n5\r\n", "VA 20\r\n18446744073709551615\r\n"];

    private static string[] Values =>
    [
        Hit, "VA 0\r\n\r\n", .. Numbers, "VA 1 W\r\n5\r\n", "VA 2\r\n-5\r\n", "VA 2\r\n+5\r\n", "VA 4\r\n999 \r\n",
            "VA 20\r\n18446744073709551616\r\n", "EN\r\n", .. Errors,
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_a_question_cannot_be_answered_with_closes_the_connection(string name)
    {
        var question = Questions.Single(question => question.Name == name);
        Assert.Empty(question.Legal.Except(Replies));
        foreach (var reply in Replies)
        {
            await using var server = FakeMemcached.Start();
            await using var client = New(server);
            await client.GetAsync("warm");
            server.Faults.OnCommand = line => line.StartsWith("mg warm", StringComparison.Ordinal)
                ? null
                : FakeFault.GarbageAndClose(Encoding.ASCII.GetBytes(reply));

            var e = await Record.ExceptionAsync(() => question.Ask(client).WaitAsync(TimeSpan.FromSeconds(60)));

            var isLegal = question.Legal.Contains(reply);
            Assert.True(
                isLegal ? e is null or MemcachedServerErrorException : e is MemcachedProtocolException or MemcachedConnectionLostException,
                $"{name}, {reply}: {e}");

            // One that has no end is waited for, and the fake closes; all others are found out by what they say.
            Assert.True(isLegal || e is MemcachedProtocolException || reply is "VA 70000\r\nx", $"{name}, {reply}: {e}");
        }
    }

    [Fact]
    public async Task After_an_unfitting_reply_the_calls_behind_it_fail_and_the_next_connection_works()
    {
        await using var server = FakeMemcached.Start();
        await using var client = New(server);
        await client.SetAsync("k", "v"u8.ToArray());
        server.Faults.OnCommand = line => line.StartsWith("mg bad", StringComparison.Ordinal)
            ? FakeFault.Garbage("HD\r\n"u8.ToArray())
            : null;
        server.HoldReplies();
        var bad = client.GetAsync("bad").AsTask();
        var behind = client.GetAsync("k").AsTask();
        await Eventually.BecomesTrueAsync(() => server.Commands.Contains("mg k v"), "both are there");
        server.ReleaseReplies();

        var e = await Assert.ThrowsAsync<MemcachedProtocolException>(() => bad);
        Assert.Contains("Done is not a reply to get", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MemcachedProtocolException>(() => behind);
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(async () => await client.GetAsync("k")) is null, "the next connection serves");
        Assert.Equal(2, server.AcceptedConnections);
    }

    private static MemcachedClient New(FakeMemcached server) => new(new MemcachedOptions
    {
        Servers = { server.Address },
        OperationTimeout = TimeSpan.FromSeconds(60),
        ConnectTimeout = TimeSpan.FromSeconds(60),
        StallTimeout = TimeSpan.FromSeconds(60),
        ReconnectDelay = TimeSpan.FromMilliseconds(1),
    });

    private sealed record Question(string Name, Func<MemcachedClient, Task> Ask, string[] Legal);
}
