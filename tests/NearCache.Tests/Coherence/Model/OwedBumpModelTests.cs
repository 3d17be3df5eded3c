using System.Diagnostics;
using System.Runtime.CompilerServices;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>Broken writes, their debts, and lost counters, through every interleaving of a small scope, on the real ledger.</summary>
public sealed class OwedBumpModelTests(ITestOutputHelper output)
{
    [Fact]
    public void No_interleaving_of_a_broken_write_and_its_debt_serves_what_a_confirmed_audit_forbids() => Holds(OwedBumpScope.Debts);

    [Fact]
    public void No_interleaving_of_lost_counters_serves_what_a_confirmed_audit_forbids() => Holds(OwedBumpScope.Losses);

    [Fact]
    public void No_interleaving_of_a_debt_elsewhere_and_lost_counters_serves_what_a_confirmed_audit_forbids() => Holds(OwedBumpScope.Both);

    [Fact]
    public void No_interleaving_of_a_debt_of_ones_own_and_lost_counters_serves_what_a_confirmed_audit_forbids() =>
        Holds(OwedBumpScope.BothHere);

    [Fact]
    public void Forgetting_the_bumps_of_an_unanswered_mutation_is_caught() => Catches<NoOwedBumps>(OwedBumpScope.Debts);

    [Fact]
    public void Not_noticing_that_counters_began_anew_is_caught() => Catches<LossUnnoticed>(OwedBumpScope.Losses);

    [Fact]
    public void Ending_a_debt_because_counters_were_lost_is_caught() =>
        Catches<CoherenceProtocol>(OwedBumpScope.Both with { LossEndsOwedBumps = true });

    private void Holds(OwedBumpScope scope, [CallerArgumentExpression(nameof(scope))] string? name = null)
    {
        var watch = Stopwatch.StartNew();
        var (states, broken, trace) = Exploration.Of(new OwedBumpWorld<CoherenceProtocol>(scope));
        output.WriteLine($"[FIGURE] debt model, {name}: {states} states, {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(broken is null, $"{broken}\n  {string.Join("\n  ", trace)}");
    }

    private void Catches<TProtocol>(OwedBumpScope scope)
        where TProtocol : struct, ICoherenceProtocol
    {
        var (states, broken, trace) = Exploration.Of(new OwedBumpWorld<TProtocol>(scope));
        output.WriteLine($"[FIGURE] {typeof(TProtocol).Name}{(scope.LossEndsOwedBumps ? ", loss ends debts" : "")}: counter-example after "
            + $"{states} states: {broken}\n  {string.Join("\n  ", trace)}");
        Assert.NotNull(broken);
    }
}
