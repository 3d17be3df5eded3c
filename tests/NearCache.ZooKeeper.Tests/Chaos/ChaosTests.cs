using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.ZooKeeper.Tests.Chaos;

/// <summary>
/// Faults of every kind in random order on a real ensemble, under writes and watches. NEARCACHE_CHAOS sets the number of rounds (18: each
/// kind twice), NEARCACHE_SEED the seed.
/// </summary>
public sealed class ChaosTests
{
    [Fact]
    public async Task No_acknowledged_write_or_watch_is_lost_and_no_unknown_outcome_is_reported_as_success()
    {
        var rounds = Setting("NEARCACHE_CHAOS", 2 * ChaosEnsemble.Kinds);
        var seed = Setting("NEARCACHE_SEED", Environment.TickCount);
        Say($"seed {seed}");
        var random = new Random(seed);
        await using var ensemble = await ChaosEnsemble.StartAsync();
        await using var witness = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = ensemble.Direct, RenewSession = true });
        await witness.CreateAsync("/watched", null);
        var options = new ZooKeeperOptions
        {
            ConnectionString = ensemble.Proxied,
            SessionTimeout = TimeSpan.FromSeconds(4),
            RequestTimeout = TimeSpan.FromSeconds(5),
            RenewSession = true,
        };
        await using var client = new ZooKeeperClient(options);
        await using var watcher = new ChaosWatcher(client, "/watched");
        watcher.Start();
        var writers = await Task.WhenAll(Enumerable.Range(0, 3).Select(async i =>
        {
            await witness.CreateAsync($"/w{i}", "0"u8.ToArray());
            return new ChaosWriter(client, $"/w{i}");
        }));
        var (early, acknowledged, unknown, kinds) = (0L, 0, 0, new SortedDictionary<string, int>(StringComparer.Ordinal));

        var order = Enumerable.Range(0, ChaosEnsemble.Kinds).ToArray();
        for (var round = 1; round <= rounds; round++)
        {
            var turn = (round - 1) % order.Length;
            if (turn == 0)
            {
                random.Shuffle(order);
            }

            using var stop = new CancellationTokenSource();
            var load = writers.Select(writer => Task.Run(() => writer.RunAsync(stop.Token))).ToArray();
            var fault = await ensemble.InjectFaultAsync(order[turn], random, client);
            await ensemble.HealAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load).WaitAsync(TimeSpan.FromSeconds(60));
            kinds[fault] = kinds.GetValueOrDefault(fault) + 1;

            await CheckWatchesAsync(witness, watcher, round, fault);
            foreach (var writer in writers)
            {
                (acknowledged, unknown) = (acknowledged + writer.Acknowledged, unknown + writer.Unknown);
                await CheckWriterAsync(witness, writer, $"round {round}, {fault}, seed {seed}");
            }

            Assert.True((await UntilAnsweredAsync(async () => await client.ExistsAsync("/watched"))) is not null);
            await Eventually.BecomesTrueAsync(
                () => client.State == ZooKeeperState.Connected && client.Session.Watches.Count == 3,
                $"round {round}, {fault}, seed {seed}: connected, with the three watches and no other");
            if (round == Math.Max(rounds / 10, 1) || round == rounds || round % 100 == 0)
            {
                var heap = Heap();
                early = early == 0 ? heap : early;
                Say($"[FIGURE] chaos: round {round}: {acknowledged} writes acknowledged, {unknown} unknown, heap {heap / 1024} KiB "
                    + $"({(double)heap / early:0.00} of the first); {string.Join(", ", kinds)}");
            }
        }

        Assert.Equal(Math.Min(rounds, order.Length), kinds.Count);
        if (rounds >= 100)
        {
            Assert.InRange(Heap(), 0, early * 1.1);
        }
    }

    // Compares the reported outcomes with the data on the servers, and deletes both.
    private static async Task CheckWriterAsync(ZooKeeperClient witness, ChaosWriter writer, string where)
    {
        var violations = await UntilAnsweredAsync(() => writer.FindViolationsAsync(witness));
        Assert.True(violations.Count == 0, $"{where}: {string.Join("; ", violations.Take(5))}");
        await UntilAnsweredAsync(async () =>
        {
            await writer.ForgetAsync(witness);
            return true;
        });
    }

    // A client that follows by watches alone must see the last changes of the round.
    private static async Task CheckWatchesAsync(ZooKeeperClient witness, ChaosWatcher watcher, int round, string fault)
    {
        var isThere = round % 2 == 0;
        var value = round.ToString(CultureInfo.InvariantCulture);
        await UntilAnsweredAsync(async () =>
        {
            await witness.SetDataAsync("/watched", System.Text.Encoding.UTF8.GetBytes(value));
            var exists = await witness.ExistsAsync("/watched/there") is not null;
            if (exists != isThere && isThere)
            {
                await witness.CreateAsync("/watched/there", null);
            }
            else if (exists != isThere)
            {
                await witness.DeleteAsync("/watched/there");
            }

            return true;
        });
        await Eventually.BecomesTrueAsync(
            () => watcher.Data == value && watcher.IsThere == isThere && watcher.Children == (isThere ? "there" : ""),
            $"round {round}, {fault}: the watches tell of the last changes",
            TimeSpan.FromMinutes(5));
    }

    private static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> ask)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (ZooKeeperException e) when (
                (e.IsTransient || e is NodeExistsException or NoNodeException) && clock.Elapsed < TimeSpan.FromMinutes(3))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static long Heap()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    private static void Say(string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        TestContext.Current.SendDiagnosticMessage(text);
    }
}
