using System.Globalization;

namespace NearCache.Tests.Sequences;

/// <summary>
/// Results of factories, background refreshes and shielded sources that were overtaken are neither stored nor returned: two processes,
/// every kind of change, on simulated time.
/// </summary>
/// <remarks>Four rounds for each combination, or <c>NEARCACHE_ROUNDS</c>, starting with <c>NEARCACHE_SEED</c>.</remarks>
public sealed class OvertakenResultsTests(ITestOutputHelper output)
{
    private const int Steps = 60;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);
    private static readonly int Rounds = int.Parse(
        Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS") ?? "4", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("NEARCACHE_SEED") ?? "1", CultureInfo.InvariantCulture);

    public static TheoryData<string, string, bool> Combinations()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var hasRule in new[] { true, false })
        {
            data.Add("cache", "set", hasRule);
            data.Add("cache", "remove", hasRule);
            data.Add("hybrid", "set", hasRule);
            data.Add("hybrid", "remove", hasRule);
            data.Add("hybrid", "tag", hasRule);
        }

        return data;
    }

    // Without a rule there is no staleness bound: a change of another process is effective at once. Versions of tags are near whatever
    // rules there are.
    [Theory]
    [MemberData(nameof(Combinations))]
    public Task No_call_gets_what_a_flight_or_a_refresh_began_before_a_change(string adapter, string change, bool hasRule) =>
        RunAsync(adapter, change, hasRule, hasRule || change == "tag" ? Bound : TimeSpan.Zero, cuts: false, refreshes: true);

    [Theory]
    [MemberData(nameof(Combinations))]
    public Task No_call_gets_what_lingers_while_memcached_is_away_for_longer_than_the_bound(string adapter, string change, bool hasRule) =>
        RunAsync(adapter, change, hasRule, Bound, cuts: true, refreshes: false);

    private async Task RunAsync(string adapter, string change, bool hasRule, TimeSpan bound, bool cuts, bool refreshes)
    {
        await using var fleet = await Fleet.StartAsync(options =>
        {
            options.MaxStaleness = Bound;
            options.FactoryReuse = Bound;
            options.EagerRefresh = refreshes ? 0.3 : 0;
            options.ItemLifetime = TimeSpan.FromSeconds(6);
            options.ChurnBreaker = false;
            if (!hasRule)
            {
                options.Rules.RemoveAt(1);
            }
        });
        ScheduledCaller[] callers = [
            ScheduledCaller.Of(fleet.Here, adapter, change, cuts ? isAway => fleet.HereRemote.IsAway = isAway : null),
            ScheduledCaller.Of(fleet.There, adapter, change, cuts ? isAway => fleet.ThereRemote.IsAway = isAway : null),
        ];
        var (calls, runs) = (0, 0);
        async Task Turn(TimeSpan by)
        {
            fleet.Time.Advance(by);
            fleet.ThereTime.Advance(by);
            await Task.Yield();
        }

        for (var round = 0; round < Rounds; round++)
        {
            var schedule = new ResultSchedule(fleet.Time, bound, callers);
            var violations = await schedule.RunAsync(
                adapter == "cache" && hasRule ? $"product:{round}" : $"basket:{round}", new Random(Seed + round), Steps, Turn);

            Assert.True(violations.Count == 0, $"seed {Seed + round}\n{string.Join('\n', violations)}");
            (calls, runs) = (calls + schedule.Checked, runs + schedule.Runs);
        }

        output.WriteLine($"[FIGURE] overtaken results, {adapter}, {change}, {(hasRule ? "with" : "without")} a rule: {calls} calls, {runs} "
            + "runs of the factory, none too old");
    }
}
