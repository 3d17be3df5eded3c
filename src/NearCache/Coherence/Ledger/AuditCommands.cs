using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>The groups of commands that coherence sends to a server, and the values in their replies.</summary>
/// <remarks>Documented in docs/formats.md, "Counters".</remarks>
internal sealed class AuditCommands(CounterNames keys)
{
    /// <summary>The position of the rules in the replies to <see cref="Audit"/> and <see cref="Flush"/>.</summary>
    public const int RulesAt = 2;

    // The identity comes before the total: an identity that is replaced is compared by its CAS value, which then covers the total.
    private const int IdentityAt = 0;
    private const int TotalAt = 1;
    private const int SegmentsAt = 3;

    // The prefix is read once in each round of the segments, which keeps the item from eviction.
    private const int SegmentWithPrefix = 0;

    /// <summary>
    /// Creates an audit: the identity, the total, the flags of the rules, and one segment; with the first segment also the prefix.
    /// </summary>
    public MetaCommand[] Audit(int segment)
    {
        MetaCommand[] audit = [Identity(), MetaCommand.Get(keys.Total), RulesFlags(), MetaCommand.Get(keys.Segments[segment])];
        return segment == SegmentWithPrefix ? [.. audit, MetaCommand.Get(keys.KeyPrefix)] : audit;
    }

    /// <summary>
    /// Creates a flush: the identity, the total, the flags of the rules, every segment, and the prefix. The segments are never before the
    /// total.
    /// </summary>
    public MetaCommand[] Flush() =>
    [
        Identity(),
        MetaCommand.Get(keys.Total),
        RulesFlags(),
        .. keys.Segments.Select(key => MetaCommand.Get(key)),
        MetaCommand.Get(keys.KeyPrefix),
    ];

    /// <summary>Creates the reads that show the identity of a server: the item, and the total.</summary>
    public MetaCommand[] ReadIdentity() => [Identity(), MetaCommand.Get(keys.Total)];

    /// <summary>Creates the identity, unless the server has one; or replaces the item that has a CAS value.</summary>
    public MetaCommand StoreIdentity(ServerIdentity identity, ulong? replaced) =>
        MetaCommand.Set(keys.Identity, identity.Encode(), timeToLive: 0) with
        {
            Mode = replaced is null ? MetaSetMode.Add : MetaSetMode.Set,
            CompareCas = replaced,
        };

    /// <summary>Creates the item of the prefix, unless the server has one.</summary>
    public MetaCommand StorePrefix(string prefix) =>
        MetaCommand.Set(keys.KeyPrefix, Encoding.UTF8.GetBytes(prefix), timeToLive: 0) with { Mode = MetaSetMode.Add };

    /// <summary>
    /// Creates the prefix, the identity, every segment, and then the total, each only if it is missing. In a race the value of the first
    /// process counts.
    /// </summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="isNew">Whether the total was missing. If not, the identity is that of the present total.</param>
    public MetaCommand[] Create(string prefix, bool isNew)
    {
        var total = CounterNames.FirstValue(Random.Shared);
        return
        [
            StorePrefix(prefix),
            .. isNew ? [StoreIdentity(ServerIdentity.Create(total), replaced: null)] : Array.Empty<MetaCommand>(),
            .. keys.Segments.Select(key => Counter(key, CounterNames.FirstValue(Random.Shared))),
            Counter(keys.Total, total),
        ];
    }

    /// <summary>Creates the reads of log records.</summary>
    public MetaCommand[] Logs(IReadOnlyList<long> totals) =>
        [.. totals.Select(total => MetaCommand.Get(keys.Log(total), MetaFields.Value | MetaFields.ClientFlags))];

    /// <summary>Creates the check of a near hit: the CAS of its key, then the total.</summary>
    public MetaCommand[] Check(ReadOnlyMemory<byte> key) => [MetaCommand.Get(key, MetaFields.Cas), MetaCommand.Get(keys.Total)];

    /// <summary>Creates a mutation with its increments, in the order of the protocol.</summary>
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

    /// <summary>Creates the increments alone, for an owed bump.</summary>
    public MetaCommand[] Bumps(int segment) => [.. MutationPlan<CoherenceProtocol>.BumpsOnly.Select(bump => Bump(bump, segment))];

    /// <summary>Returns the value of a counter in a reply; null if the counter is missing.</summary>
    public static long? Counter(in MetaResponse response) =>
        response.Status == MetaStatus.Ok
            && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>
    /// Returns the total in the reply to <see cref="Audit"/>, <see cref="Flush"/> or <see cref="ReadIdentity"/>.
    /// </summary>
    public static long? Total(RemoteReply reply) => Counter(reply.Responses[TotalAt]);

    /// <summary>
    /// Returns the item of the identity in the reply to <see cref="Audit"/>, <see cref="Flush"/> or <see cref="ReadIdentity"/>.
    /// </summary>
    public static MetaResponse Identity(RemoteReply reply) => reply.Responses[IdentityAt];

    /// <summary>Returns the segment in the reply to <see cref="Audit"/>.</summary>
    public static long? Segment(RemoteReply reply) => Counter(reply.Responses[SegmentsAt]);

    /// <summary>Returns the segments in the reply to <see cref="Flush"/>.</summary>
    public static long?[] Segments(RemoteReply reply) =>
        [.. reply.Responses.Skip(SegmentsAt).Take(KeyHash.Segments).Select(response => Counter(response))];

    /// <summary>Returns the prefix in the reply to <see cref="Audit"/> or <see cref="Flush"/>; null if it was not read.</summary>
    public static MetaResponse? Prefix(RemoteReply reply) =>
        reply.Responses.Count is SegmentsAt + 2 or SegmentsAt + KeyHash.Segments + 1 ? reply.Responses[^1] : null;

    private static MetaCommand Counter(ReadOnlyMemory<byte> key, long initial) =>
        MetaCommand.Increment(key, delta: 0) with { Vivify = 0, Initial = (ulong)initial };

    private MetaCommand Identity() => MetaCommand.Get(keys.Identity, MetaFields.Value | MetaFields.Cas);

    private MetaCommand RulesFlags() => MetaCommand.Get(keys.Rules, MetaFields.ClientFlags);

    private MetaCommand Bump(MutationCommand counter, int segment) =>
        MetaCommand.Increment(counter == MutationCommand.BumpSegment ? keys.Segments[segment] : keys.Total);
}
