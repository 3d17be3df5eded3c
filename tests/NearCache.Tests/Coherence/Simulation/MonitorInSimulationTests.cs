using System.Diagnostics;
using System.Globalization;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Monitoring.Core;
using NearCache.Tests.Coherence.Model;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// The monitors of simulated fleets under random faults, with evictions and fills that change the CAS without a write: none accuses the
/// protocol, and each accuses the broken ones.
/// </summary>
/// <remarks>
/// <c>NEARCACHE_CHECKS</c> sets the least number of checks: 20,000, or 100,000,000 for a long run, which <c>NEARCACHE_SOAK</c> limits to so
/// many minutes.
/// </remarks>
public sealed class MonitorInSimulationTests(ITestOutputHelper output)
{
    private const int MostSeeds = 2000;
    private static readonly long Checks = (long?)Setting("NEARCACHE_CHECKS") ?? 20_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(Setting("NEARCACHE_SOAK") ?? 24 * 60);

    [Fact]
    public void No_check_accuses_the_protocol_under_any_fault()
    {
        var watch = Stopwatch.StartNew();
        var outcomes = new long[Enum.GetValues<CheckOutcome>().Length];
        var (seed, completed) = (0, 0L);
        while (completed < Checks && watch.Elapsed < Longest)
        {
            var run = RunOf<CoherenceProtocol>(++seed);
            Assert.True(run.Reported is null, $"seed {seed}: {run.Reported}");
            Assert.True(run.Checker.Violation is null, $"seed {seed}: {run.Checker.Violation}");
            completed += run.Monitored.Completed;
            foreach (var outcome in Enum.GetValues<CheckOutcome>())
            {
                outcomes[(int)outcome] += run.Monitored.Of(outcome);
            }
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] monitor in the simulation: {completed:N0} checks in {seed:N0} seeds, {watch.Elapsed.TotalSeconds:F1} s; ")
            + string.Join(", ", Enum.GetValues<CheckOutcome>().Select(outcome => $"{outcome} {outcomes[(int)outcome]}")));
        Assert.Equal(0, outcomes[(int)CheckOutcome.Violation]);

        // Each kind of difference occurred, so that each had its chance to be misjudged.
        Assert.True(outcomes[(int)CheckOutcome.Voided] > completed / 1000, "no entry was voided");
        Assert.True(outcomes[(int)CheckOutcome.Unclassified] > completed / 1000, "no item was stored again");
    }

    [Fact]
    public void Confirming_what_is_unexplained_is_reported() => Reported<ConfirmUnexplained>();

    [Fact]
    public void Flushing_no_segment_is_reported() => Reported<FlushOfNothing>();

    [Fact]
    public void A_near_tier_that_ignores_invalidations_is_reported() =>
        Reported<CoherenceProtocol>(seed => ProfileOf(seed, plantedStaleRead: true));

    private static Profile ProfileOf(int seed, bool plantedStaleRead = false) =>
        new(new Random(seed)) { MicrosecondsBetweenChecks = 5_000, PlantedStaleRead = plantedStaleRead };

    private static Run<TProtocol> RunOf<TProtocol>(int seed, Profile? profile = null)
        where TProtocol : struct, ICoherenceProtocol =>
        new Run<TProtocol>(seed, profile ?? ProfileOf(seed)).Begin().ToEnd(stopAtViolation: false);

    private static double? Setting(string name) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;

    private void Reported<TProtocol>(Func<int, Profile>? profile = null)
        where TProtocol : struct, ICoherenceProtocol
    {
        for (var seed = 1; seed <= MostSeeds; seed++)
        {
            var run = RunOf<TProtocol>(seed, profile?.Invoke(seed));
            if (run.Reported is { } violation)
            {
                output.WriteLine($"[FIGURE] {typeof(TProtocol).Name}: reported in seed {seed}: {violation}");

                // The checker, which sees everything, agrees.
                Assert.NotNull(run.Checker.Violation);
                return;
            }
        }

        Assert.Fail($"{typeof(TProtocol).Name} was not reported in {MostSeeds} seeds.");
    }
}
