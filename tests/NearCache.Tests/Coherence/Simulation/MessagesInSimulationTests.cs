using System.Diagnostics;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// The promise with a message broker as the carrier, alone, beside ZooKeeper, or in a part of the fleet: under the faults of the
/// simulation, and with lost, late, doubled, reordered, repeated and forged messages.
/// </summary>
/// <remarks>NEARCACHE_SEEDS=n runs n seeds instead of a few. NEARCACHE_SEED=s replays one and prints its events.</remarks>
public sealed class MessagesInSimulationTests(ITestOutputHelper output)
{
    private static readonly int Seeds = Setting("NEARCACHE_SEEDS") ?? 400;

    [Fact]
    public void No_message_makes_a_near_hit_staler_than_promised()
    {
        var watch = Stopwatch.StartNew();
        var (first, last) = Setting("NEARCACHE_SEED") is { } seed ? (seed, seed) : (1, Seeds);
        long hits = 0, delivered = 0, forged = 0;
        for (var current = first; current <= last; current++)
        {
            var run = new Run<CoherenceProtocol>(current, ProfileOf(current));
            run.Schedule.Story = first == last ? output.WriteLine : null;
            run.Begin().ToEnd();
            (hits, delivered, forged) = (hits + run.Checker.Hits, delivered + run.Broker!.Delivered, forged + run.Broker.Forged);
            Assert.True(run.Checker.Violation is null, $"NEARCACHE_SEED={current} replays it: {run.Checker.Violation}");
        }

        output.WriteLine($"[FIGURE] simulation with a broker: {last - first + 1} seeds, {hits} near hits checked, {delivered} messages "
            + $"delivered, {forged} forged, 0 violations, {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(hits > 100 * (last - first + 1) && delivered > 100 * (last - first + 1), "nothing was tested");
    }

    [Fact]
    public void A_process_that_believes_unsigned_messages_breaks_the_promise()
    {
        var found = Enumerable.Range(1, 400).Select(seed => new Run<CoherenceProtocol>(seed, ProfileOf(seed, trustsUnsigned: true))
            .Begin().ToEnd().Checker.Violation)
            .FirstOrDefault(violation => violation is not null);
        Assert.NotNull(found);
    }

    private static Profile ProfileOf(int seed, bool trustsUnsigned = false) =>
        new(new Random(seed)) { HasBroker = true, TrustsUnsignedMessages = trustsUnsigned };

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : null;
}
