using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The near store's state of one rule: its partition, and the validities that its entries share. Thread-safe.</summary>
/// <param name="rule">The rule.</param>
/// <param name="partition">The partition of its entries.</param>
internal sealed class NearRule(ActiveRule rule, NearPartition partition)
{
    private readonly Lock _lock = new();   // guards additions
    private (ServerGate Server, NearValidity?[] Segments)[] _servers = [];

    /// <summary>Gets the partition of the rule's entries.</summary>
    public NearPartition Partition => partition;

    /// <summary>Returns the validity of an entry whose fill ends now.</summary>
    public NearValidity ValidityOf(ServerGate server, in FillToken token)
    {
        var generation = server.Stamp(token);
        ref var latest = ref SegmentsOf(server)[token.Segment];
        return latest is { } same && same.Is(generation, token.Rule)
            ? same
            : latest = new NearValidity(server, token.Segment, generation, rule, token.Rule, partition);
    }

    private NearValidity?[] SegmentsOf(ServerGate server)
    {
        foreach (ref readonly var known in Volatile.Read(ref _servers).AsSpan())
        {
            if (known.Server == server)
            {
                return known.Segments;
            }
        }

        lock (_lock)
        {
            var known = Array.Find(_servers, candidate => candidate.Server == server);
            if (known.Segments is null)
            {
                known = (server, new NearValidity?[KeyHash.Segments]);
                Volatile.Write(ref _servers, [.. _servers, known]);
            }

            return known.Segments;
        }
    }
}

/// <summary>The conditions under which near entries of one rule in one segment of one server may be served. Immutable.</summary>
/// <remarks>The entries share one instance, so that it is in the CPU cache when a hit reads it.</remarks>
/// <param name="server">The server that owns the keys.</param>
/// <param name="segment">The segment of the keys.</param>
/// <param name="generation">The generation that the entries were stamped with.</param>
/// <param name="rule">The rule that keeps the keys near.</param>
/// <param name="ruleGeneration">The rule's generation when the fills began.</param>
/// <param name="partition">The partition of the entries.</param>
internal sealed class NearValidity(
    ServerGate server, int segment, long generation, ActiveRule rule, long ruleGeneration, NearPartition partition)
{
    /// <summary>Gets the rule that keeps the keys near.</summary>
    public ActiveRule Rule => rule;

    /// <summary>Gets the partition of the entries.</summary>
    public NearPartition Partition => partition;

    /// <summary>Gets the instant up to which the server is confirmed.</summary>
    public Timestamps Confirmed => server.Confirmed;

    /// <summary>Gets whether the rule's generation is unchanged.</summary>
    public bool IsRuleCurrent => rule.Generation == ruleGeneration;

    /// <summary>Gets whether the segment's generation is unchanged.</summary>
    public bool IsSegmentCurrent => server.Generation(segment) == generation;

    /// <summary>Returns whether all conditions hold now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(in Timestamps now) =>
        rule.Generation == ruleGeneration && server.IsCurrent(segment, generation, now, rule.MaxStalenessMilliseconds);

    /// <summary>Returns whether it has these generations.</summary>
    public bool Is(long ofSegment, long ofRule) => generation == ofSegment && ruleGeneration == ofRule;
}
