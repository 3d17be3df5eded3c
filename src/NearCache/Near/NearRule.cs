using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>What a near store keeps for one rule: the room of its entries, and the validities that they share. Thread-safe.</summary>
/// <param name="rule">The rule.</param>
/// <param name="room">The room of its entries.</param>
internal sealed class NearRule(ActiveRule rule, NearRoom room)
{
    private readonly Lock _lock = new();   // guards additions
    private (ServerGate Server, NearValidity?[] Segments)[] _servers = [];

    /// <summary>Gets the room of the rule's entries.</summary>
    public NearRoom Room => room;

    /// <summary>Returns the validity of an entry whose fill ends now.</summary>
    public NearValidity ValidityOf(ServerGate server, in FillToken token)
    {
        var generation = server.Stamp(token);
        ref var latest = ref SegmentsOf(server)[token.Segment];
        return latest is { } same && same.Is(generation, token.Rule)
            ? same
            : latest = new NearValidity(server, token.Segment, generation, rule, token.Rule, room);
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

/// <summary>
/// What must still be true for near entries of one rule in one segment of one server to be served. Immutable, shared by them.
/// </summary>
/// <remarks>An entry holds one reference instead of many fields, so that a hit reads less memory that no other hit has just read.</remarks>
/// <param name="server">The server that owns the keys.</param>
/// <param name="segment">The segment of the keys.</param>
/// <param name="generation">The generation that the entries were stamped with.</param>
/// <param name="rule">The rule that keeps the keys near.</param>
/// <param name="ruleGeneration">The rule's generation when the fills began.</param>
/// <param name="room">The room of the entries.</param>
internal sealed class NearValidity(
    ServerGate server, int segment, long generation, ActiveRule rule, long ruleGeneration, NearRoom room)
{
    /// <summary>Gets the rule that keeps the keys near.</summary>
    public ActiveRule Rule => rule;

    /// <summary>Gets the room of the entries.</summary>
    public NearRoom Room => room;

    /// <summary>Gets the instant up to which the server is confirmed.</summary>
    public Timestamps Confirmed => server.Confirmed;

    /// <summary>Gets whether the rule was not switched since.</summary>
    public bool IsRuleCurrent => rule.Generation == ruleGeneration;

    /// <summary>Gets whether the segment was not voided since.</summary>
    public bool IsSegmentCurrent => server.Generation(segment) == generation;

    /// <summary>Returns whether all of it is true now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(in Timestamps now) =>
        rule.Generation == ruleGeneration && server.IsCurrent(segment, generation, now, rule.MaxStalenessMilliseconds);

    /// <summary>Returns whether it is the validity of these generations.</summary>
    public bool Is(long ofSegment, long ofRule) => generation == ofSegment && ruleGeneration == ofRule;
}
