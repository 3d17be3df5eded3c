using System.Diagnostics;
using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>Broken writes, their debts, and lost counters, through every interleaving of a small scope, on the real ledger.</summary>
public sealed class DebtModelTests(ITestOutputHelper output)
{
    [Fact]
    public void No_interleaving_of_a_broken_write_and_its_debt_serves_what_a_confirmed_audit_forbids() => Holds(DebtScope.Debts);

    [Fact]
    public void No_interleaving_of_lost_counters_serves_what_a_confirmed_audit_forbids() => Holds(DebtScope.Losses);

    [Fact]
    public void No_interleaving_of_a_debt_elsewhere_and_lost_counters_serves_what_a_confirmed_audit_forbids() => Holds(DebtScope.Both);

    [Fact]
    public void No_interleaving_of_a_debt_of_ones_own_and_lost_counters_serves_what_a_confirmed_audit_forbids() =>
        Holds(DebtScope.BothHere);

    [Fact]
    public void Forgetting_the_bumps_of_an_unanswered_mutation_is_caught() => Catches<NoDebts>(DebtScope.Debts);

    [Fact]
    public void Not_noticing_that_counters_began_anew_is_caught() => Catches<LossUnnoticed>(DebtScope.Losses);

    [Fact]
    public void Ending_a_debt_because_counters_were_lost_is_caught() => Catches<AsDesigned>(DebtScope.Both with { LossEndsDebts = true });

    private void Holds(DebtScope scope, [CallerArgumentExpression(nameof(scope))] string? name = null)
    {
        var watch = Stopwatch.StartNew();
        var (states, broken, trace) = Exploration.Of(new DebtWorld<AsDesigned>(scope));
        output.WriteLine($"[FIGURE] debt model, {name}: {states} states, {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(broken is null, $"{broken}\n  {string.Join("\n  ", trace)}");
    }

    private void Catches<TDesign>(DebtScope scope)
        where TDesign : struct, IDesign
    {
        var (states, broken, trace) = Exploration.Of(new DebtWorld<TDesign>(scope));
        output.WriteLine($"[FIGURE] {typeof(TDesign).Name}{(scope.LossEndsDebts ? ", loss ends debts" : "")}: counter-example after {states} states: {broken}\n  {string.Join("\n  ", trace)}");
        Assert.NotNull(broken);
    }
}
