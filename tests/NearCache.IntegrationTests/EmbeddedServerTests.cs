using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests;

/// <summary>The embedded remote answers as memcached does: the same random commands, the same answers.</summary>
public sealed class EmbeddedServerTests
{
    private static readonly byte[][] Keys = ["a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray()];

    [Fact]
    public async Task It_answers_random_commands_as_memcached_does()
    {
        // memcached 1.6.18 sets the won mark of a stale item without the item's lock. Its LRU maintainer, which changes other bits of the
        // same word, can clear the mark, and a second get wins as well: once in about 100,000 pairs of gets, never without the maintainer.
        await using var memcached = await MemcachedProcess.StartNewAsync("-o", "no_lru_maintainer");
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { memcached.Address }, OperationTimeout = TimeSpan.FromSeconds(20) });
        using var stalls = new StallMeter();
        var embedded = new EmbeddedServer(TimeProvider.System);
        var cas = new List<(ulong Real, ulong Own)>();
        var random = new Random(20);
        for (var i = 0; i < 20_000; i++)
        {
            var known = cas.Count > 0 && random.Next(3) == 0
                ? cas[random.Next(Math.Max(0, cas.Count - 5), cas.Count)]
                : default((ulong Real, ulong Own)?);
            var command = Random(random);
            var answer = await client.ExecuteAsync(command with { CompareCas = Compares(command) ? known?.Real : null });
            var ours = await embedded.ExecuteAsync(
                command with { CompareCas = Compares(command) ? known?.Own : null }, CancellationToken.None);

            Assert.True(Same(command, answer, ours, stalls.Total), $"command {i}, {command}:\n{answer}\n{ours}");
            if (answer.Cas != 0)
            {
                cas.Add((answer.Cas, ours.Cas));
            }
        }

        Assert.NotEmpty(cas);
    }

    // memcached does not look at the CAS of an add to an absent key.
    private static bool Compares(in MetaCommand command) =>
        command is { Kind: MetaCommandKind.Set, Mode: MetaSetMode.Set } or { Kind: MetaCommandKind.Delete };

    // Each server has its own CAS ids; compare-and-set compares their meaning. A stall may separate the execution on the two servers.
    private static bool Same(in MetaCommand command, in MetaResponse real, in MetaResponse own, TimeSpan stood) =>
        real.Status == own.Status
        && Trim(real.Value).SequenceEqual(Trim(own.Value))
        && (
            real.ClientFlags,
            real.Number,
            real.IsWinner,
            real.IsWonByAnother,
            real.IsStale) == (own.ClientFlags, own.Number, own.IsWinner, own.IsWonByAnother, own.IsStale)
        && (
            !command.Return.HasFlag(MetaFields.TimeToLive)
                || Math.Abs(real.TimeToLive - own.TimeToLive) <= 1 + Math.Ceiling(stood.TotalSeconds));

    // memcached pads a counter that became shorter with spaces.
    private static ReadOnlySpan<byte> Trim(ReadOnlyMemory<byte> value) => value.Span.TrimEnd((byte)' ');

    private static MetaCommand Random(Random random)
    {
        var key = Keys[random.Next(Keys.Length)];
        var counter = "n"u8.ToArray();
        var value = new byte[random.Next(4)];
        Array.Fill(value, (byte)('0' + random.Next(10)));
        var fields = MetaFields.Value | MetaFields.Cas | MetaFields.ClientFlags | MetaFields.TimeToLive;
        return random.Next(8) switch
        {
            0 => MetaCommand.Get(key, fields),
            1 => MetaCommand.Get(key, fields) with { Vivify = 100 },
            2 => MetaCommand.Get(key, fields & ~MetaFields.Value) with { TimeToLive = 500 },
            3 => MetaCommand.Set(key, value, 1000) with { ClientFlags = (uint)random.Next(), Return = MetaFields.Cas },
            4 => MetaCommand.Set(key, value, 1000) with { Mode = (MetaSetMode)random.Next(5), Return = MetaFields.Cas },
            5 => MetaCommand.Delete(random.Next(2) == 0 ? key : counter),
            6 => MetaCommand.Delete(key) with { Invalidate = true, TimeToLive = 200 },
            _ =>
                MetaCommand.Increment(counter, (ulong)random.Next(5)) with
                {
                    Decrement = random.Next(2) == 0,
                    Vivify = random.Next(2) == 0 ? 300 : null,
                    Initial = 7,
                },
        };
    }
}
