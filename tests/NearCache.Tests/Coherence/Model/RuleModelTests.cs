using System.Diagnostics;
using NearCache.Coherence.ServerRules.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>The activation of a rule, through every interleaving of a small scope, on the real leases.</summary>
/// <remarks>NEARCACHE_MODEL=full takes longer leases, more time and more losses, which needs minutes.</remarks>
public sealed class RuleModelTests(ITestOutputHelper output)
{
    private static bool IsFull => Environment.GetEnvironmentVariable("NEARCACHE_MODEL") == "full";

    [Fact]
    public void No_interleaving_of_an_activation_serves_what_a_writer_did_not_count() =>
        Holds(IsFull ? RuleScope.ActivationInFull : RuleScope.Activation);

    [Fact]
    public void No_interleaving_with_a_reader_that_trusts_the_settled_mark_does_either() =>
        Holds(IsFull ? RuleScope.LateReaderInFull : RuleScope.LateReader);

    [Fact]
    public void A_lease_that_runs_from_the_sending_is_caught() => Catches<LeaseFromSending>(RuleScope.Activation);

    [Fact]
    public void A_lease_that_outlives_the_life_of_the_item_is_caught() => Catches<LeaseOutlivesIncarnation>(RuleScope.Activation);

    [Fact]
    public void Replacing_without_comparing_is_caught() => Catches<BlindPut>(RuleScope.Activation);

    [Fact]
    public void A_view_that_ages_from_its_receipt_is_caught() => Catches<ViewFromReceipt>(RuleScope.Activation);

    [Fact]
    public void Keeping_entries_when_leases_end_is_caught() => Catches<EntriesOutliveLeases>(RuleScope.Activation);

    [Fact]
    public void Marking_a_set_settled_at_once_is_caught() => Catches<SettledAtOnce>(RuleScope.LateReader);

    private void Holds(RuleScope scope)
    {
        var watch = Stopwatch.StartNew();
        var (states, broken, trace) = Explore<RuleLeaseProtocol>(scope);
        output.WriteLine($"[FIGURE] rule model, {scope}: {states} states, {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(broken is null, $"{broken}\n  {trace}");
    }

    private void Catches<TProtocol>(RuleScope scope)
        where TProtocol : struct, IRuleLeaseProtocol
    {
        var (states, broken, trace) = Explore<TProtocol>(scope);
        output.WriteLine($"[FIGURE] {typeof(TProtocol).Name}: counter-example after {states} states: {broken}\n  {trace}");
        Assert.NotNull(broken);
    }

    // Breadth first. Stops at the first state that serves something forbidden.
    private static (int States, string? Broken, string Trace) Explore<TProtocol>(RuleScope scope)
        where TProtocol : struct, IRuleLeaseProtocol
    {
        var begin = new Node<TProtocol>(new RuleWorld<TProtocol>(scope), null, "");
        var seen = new HashSet<object> { begin.World!.Key() };
        var queue = new Queue<Node<TProtocol>>([begin]);
        while (queue.TryDequeue(out var node))
        {
            for (var action = 0; action < RuleWorld<TProtocol>.Actions; action++)
            {
                var world = node.World!.Copy();
                if (world.Try(action) is not { } said || !seen.Add(world.Key()))
                {
                    continue;
                }

                var next = new Node<TProtocol>(world, node, said);
                if (world.Broken() is { } broken)
                {
                    return (seen.Count, broken, next.Trace());
                }

                if (!world.IsOver())
                {
                    queue.Enqueue(next);
                }
            }

            node.World = null;
        }

        return (seen.Count, null, "");
    }

    private sealed class Node<TProtocol>(RuleWorld<TProtocol> world, Node<TProtocol>? before, string said)
        where TProtocol : struct, IRuleLeaseProtocol
    {
        public RuleWorld<TProtocol>? World { get; set; } = world;

        private Node<TProtocol>? Before => before;

        private string Said => said;

        public string Trace()
        {
            var steps = new List<string>();
            for (var node = this; node?.Before is not null; node = node.Before)
            {
                steps.Insert(0, node.Said);
            }

            return string.Join("\n  ", steps);
        }
    }
}
