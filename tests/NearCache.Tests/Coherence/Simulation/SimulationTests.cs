using System.Diagnostics;
using NearCache.Coherence.Ledger.Core;
using NearCache.Tests.Coherence.Model;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The promise under random faults, on simulated time, with the real core.</summary>
/// <remarks>NEARCACHE_SEEDS=n runs n seeds instead of a few. NEARCACHE_SEED=s replays one and prints its events.</remarks>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly int Seeds = Setting("NEARCACHE_SEEDS") ?? 1500;

    [Fact]
    public void No_fault_makes_a_near_hit_staler_than_promised()
    {
        var watch = Stopwatch.StartNew();
        var (first, last) = Setting("NEARCACHE_SEED") is { } seed ? (seed, seed) : (1, Seeds);
        long hits = 0, events = 0;
        var faults = new long[Enum.GetValues<Fault>().Length];
        for (var current = first; current <= last; current++)
        {
            var run = new Run<CoherenceProtocol>(current);
            run.Schedule.Story = first == last ? output.WriteLine : null;
            run.Begin().ToEnd();
            hits += run.Checker.Hits;
            events += run.Events;
            for (var fault = 0; fault < faults.Length; fault++)
            {
                faults[fault] += run.Faults[fault];
            }

            Assert.True(run.Checker.Violation is null, $"NEARCACHE_SEED={current} replays it: {run.Checker.Violation}");
        }

        output.WriteLine($"[FIGURE] simulation: {last - first + 1} seeds, {hits} near hits checked, {faults.Sum()} faults, {events} "
            + $"events, 0 violations, {watch.Elapsed.TotalSeconds:F1} s");
        output.WriteLine("[FIGURE] faults: " + string.Join(", ", Enum.GetValues<Fault>().Select(fault => $"{fault} {faults[(int)fault]}")));
        Assert.True(hits > 100 * (last - first + 1), $"only {hits} near hits: nothing was tested");
    }

    [Fact]
    public void A_planted_stale_read_is_found()
    {
        var found = Enumerable.Range(1, 200).Select(
            seed => new Run<CoherenceProtocol>(seed, new Profile(new Random(seed)) { PlantedStaleRead = true })
                .Begin().ToEnd().Checker.Violation)
            .FirstOrDefault(violation => violation is not null);
        Assert.NotNull(found);
    }

    [Fact]
    public void A_seed_replays_event_for_event()
    {
        var (one, two) = (new Run<CoherenceProtocol>(17).Begin().ToEnd(), new Run<CoherenceProtocol>(17).Begin().ToEnd());
        Assert.Equal((one.Events, one.Checker.Hits), (two.Events, two.Checker.Hits));
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : null;
}
