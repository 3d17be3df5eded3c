using System.Diagnostics;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>The core of the audit protocol, through every interleaving of a small scope, on the real ledger.</summary>
/// <remarks>
/// NEARCACHE_MODEL=full takes three writers, which needs minutes and gigabytes of memory. The ledger confirms at once what a reply
/// explains, confirms all that is explained together, and voids once for the same announcement. A model that may delay these visits 504,000
/// states of the same scope, without another result.
/// </remarks>
public sealed class AuditModelTests(ITestOutputHelper output)
{
    [Fact]
    public void No_interleaving_of_two_writers_and_three_audits_serves_what_a_confirmed_audit_forbids() => Holds(AuditScope.TwoWriters);

    [Fact]
    public void No_interleaving_with_messages_that_come_again_or_unsigned_serves_what_a_confirmed_audit_forbids() =>
        Holds(AuditScope.Messages);

    [Fact]
    public void No_interleaving_of_three_writers_and_two_audits_serves_what_a_confirmed_audit_forbids()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("NEARCACHE_MODEL") == "full", "NEARCACHE_MODEL=full takes minutes and gigabytes.");
        Holds(AuditScope.ThreeWriters);
    }

    [Fact]
    public void Bumping_the_total_before_the_segment_is_caught() => Catches<TotalBeforeSegment>();

    [Fact]
    public void Bumping_before_the_mutation_is_caught() => Catches<BumpBeforeMutation>();

    [Fact]
    public void Reading_the_segments_of_a_flush_before_its_total_is_caught() => Catches<SegmentsBeforeTotal>();

    [Fact]
    public void Taking_the_token_after_the_read_is_caught() => Catches<TokenAfterRead>();

    [Fact]
    public void Inserting_without_comparing_the_epoch_is_caught() => Catches<NoEpoch>();

    [Fact]
    public void Stamping_an_entry_with_the_generation_at_the_time_of_inserting_is_caught() => Catches<GenerationAtInsert>();

    [Fact]
    public void Confirming_the_time_of_receipt_is_caught() => Catches<ConfirmAtReceive>();

    [Fact]
    public void Confirming_what_is_unexplained_is_caught() => Catches<ConfirmUnexplained>();

    [Fact]
    public void Counting_explained_mutations_instead_of_following_them_without_a_gap_is_caught() => Catches<CountExplained>();

    private void Holds(AuditScope scope)
    {
        var watch = Stopwatch.StartNew();
        var (states, broken, trace) = Exploration.Of(new AuditWorld<CoherenceProtocol>(scope));
        output.WriteLine($"[FIGURE] audit model, {scope.Writers.Length} writers, {scope.Audits} audits: {states} states, "
            + $"{watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(broken is null, $"{broken}\n  {string.Join("\n  ", trace)}");
    }

    private void Catches<TProtocol>()
        where TProtocol : struct, ICoherenceProtocol
    {
        var (states, broken, trace) = Exploration.Of(new AuditWorld<TProtocol>(AuditScope.TwoWriters));
        output.WriteLine(
            $"[FIGURE] {typeof(TProtocol).Name}: counter-example after {states} states: {broken}\n  {string.Join("\n  ", trace)}");
        Assert.NotNull(broken);
    }
}
