namespace NearCache.Coherence.Core;

/// <summary>
/// What was true before a remote read was sent. What the read brings is kept near only if it is still true when it is in the map.
/// </summary>
/// <param name="Sent">When the read was sent: the entry expires at the latest so long after it as the item still lived.</param>
/// <param name="Segment">The segment of the key on its server.</param>
/// <param name="Generation">The generation of that segment.</param>
/// <param name="Rule">The generation of the rule that keeps the key near; the caller's to compare.</param>
/// <param name="Ring">The generation of the server list.</param>
/// <param name="Stripe">The stripe of the key.</param>
/// <param name="Epoch">The epoch of that stripe.</param>
internal readonly record struct FillToken(Timestamps Sent, int Segment, long Generation, long Rule, long Ring, int Stripe, long Epoch);
