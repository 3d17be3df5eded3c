namespace NearCache.Coherence.Core;

/// <summary>
/// The state before a remote read was sent. The result is kept near only if this state still holds when the entry is in the map.
/// </summary>
/// <param name="Sent">
/// The time at which the read was sent. The entry expires no later than this plus the remaining lifetime of the item.
/// </param>
/// <param name="Segment">The segment of the key on its server.</param>
/// <param name="Generation">The generation of that segment.</param>
/// <param name="Rule">The generation of the rule that keeps the key near. The caller compares it.</param>
/// <param name="Ring">The generation of the server list.</param>
/// <param name="Stripe">The stripe of the key.</param>
/// <param name="Epoch">The epoch of that stripe.</param>
internal readonly record struct FillToken(Timestamps Sent, int Segment, long Generation, long Rule, long Ring, int Stripe, long Epoch);
