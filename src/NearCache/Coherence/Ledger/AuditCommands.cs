using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>The groups of commands that coherence sends to a server, and what their answers say.</summary>
/// <remarks>docs/formats.md, "Counters".</remarks>
internal sealed class AuditCommands(CounterNames keys)
{
    /// <summary>The place of the rules in the answers to <see cref="Audit"/> and <see cref="Flush"/>.</summary>
    public const int RulesAt = 1;

    private const int SegmentsAt = 2;

    // Once for each time that all segments are read along, which keeps the item from eviction.
    private const int SegmentWithPrefix = 0;

    /// <summary>The total, the flags of the rules, one segment; with the first, the prefix too.</summary>
    public MetaCommand[] Audit(int segment)
    {
        MetaCommand[] audit = [MetaCommand.Get(keys.Total), RulesFlags(), MetaCommand.Get(keys.Segments[segment])];
        return segment == SegmentWithPrefix ? [.. audit, MetaCommand.Get(keys.KeyPrefix)] : audit;
    }

    /// <summary>The total, the flags of the rules, then every segment and the prefix: never before the total.</summary>
    public MetaCommand[] Flush() =>
        [MetaCommand.Get(keys.Total), RulesFlags(), .. keys.Segments.Select(key => MetaCommand.Get(key)), MetaCommand.Get(keys.KeyPrefix)];

    /// <summary>Says the prefix, unless the server says one already.</summary>
    public MetaCommand SayPrefix(string prefix) =>
        MetaCommand.Set(keys.KeyPrefix, Encoding.UTF8.GetBytes(prefix), timeToLive: 0) with { Mode = MetaSetMode.Add };

    /// <summary>The prefix, every segment, then the total, each only if it is absent: in a race the first maker's value counts.</summary>
    public MetaCommand[] Create(string prefix) =>
        [SayPrefix(prefix), .. keys.Segments.Append(keys.Total).Select(key => MetaCommand.Increment(key, delta: 0) with
    {
        Vivify = 0,
        Initial = (ulong)CounterNames.FirstValue(Random.Shared),
    })];

    /// <summary>The log records of these writes.</summary>
    public MetaCommand[] Logs(IReadOnlyList<long> totals) => [.. totals.Select(total => MetaCommand.Get(keys.Log(total)))];

    /// <summary>The mutation and its bumps, in the order that the design decides.</summary>
    public MetaCommand[] Mutation(in MetaCommand mutation, int segment)
    {
        var order = MutationPlan<CoherenceProtocol>.Order;
        var group = new MetaCommand[order.Count];
        for (var i = 0; i < group.Length; i++)
        {
            group[i] = order[i] == MutationCommand.Mutate ? mutation : Bump(order[i], segment);
        }

        return group;
    }

    /// <summary>The bumps alone, for what is owed.</summary>
    public MetaCommand[] Bumps(int segment) => [.. MutationPlan<CoherenceProtocol>.BumpsOnly.Select(bump => Bump(bump, segment))];

    /// <summary>A counter as read or counted; null: absent.</summary>
    public static long? Counter(in MetaResponse response) =>
        response.Status == MetaStatus.Ok
            && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>The total in the answers to <see cref="Audit"/> and <see cref="Flush"/>.</summary>
    public static long? Total(RemoteReply reply) => Counter(reply.Responses[0]);

    /// <summary>The segment in the answers to <see cref="Audit"/>.</summary>
    public static long? Segment(RemoteReply reply) => Counter(reply.Responses[SegmentsAt]);

    /// <summary>The segments in the answers to <see cref="Flush"/>.</summary>
    public static long?[] Segments(RemoteReply reply) =>
        [.. reply.Responses.Skip(SegmentsAt).Take(KeyHash.Segments).Select(response => Counter(response))];

    /// <summary>The prefix in the answers to <see cref="Audit"/> and <see cref="Flush"/>; null: it was not asked for.</summary>
    public static MetaResponse? Prefix(RemoteReply reply) =>
        reply.Responses.Count is SegmentsAt + 2 or SegmentsAt + KeyHash.Segments + 1 ? reply.Responses[^1] : null;

    private MetaCommand RulesFlags() => MetaCommand.Get(keys.Rules, MetaFields.ClientFlags);

    private MetaCommand Bump(MutationCommand counter, int segment) =>
        MetaCommand.Increment(counter == MutationCommand.BumpSegment ? keys.Segments[segment] : keys.Total);
}
