using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Rules;

namespace NearCache.Tags;

/// <summary>The version of a tag, served under the same conditions as a near entry.</summary>
internal sealed class TagEntry(ulong version, ServerGate server, ActiveRule rule, in FillToken token, long expiresAt)
{
    private readonly int _segment = token.Segment;
    private readonly long _generation = server.Stamp(token);
    private readonly long _ruleGeneration = token.Rule;
    private volatile bool _isServable;

    public ulong Version => version;

    public ServerGate Server => server;

    /// <summary>Makes the version servable. Requires a token that was valid after the entry was published.</summary>
    public void MakeServable() => _isServable = true;

    /// <summary>Returns whether the version is servable now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsServable(in Timestamps now) =>
        _isServable
        && now.Monotonic < expiresAt
        && rule.Generation == _ruleGeneration
        && server.IsCurrent(_segment, _generation, now, rule.MaxStalenessMilliseconds);
}
