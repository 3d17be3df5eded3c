using NearCache.Coherence.Slots.Core;

namespace NearCache.Coherence.Slots;

/// <summary>What a slot held when it was read.</summary>
/// <param name="Ring">The announcements; empty if they could not be read.</param>
/// <param name="Transaction">The transaction that wrote it.</param>
/// <param name="Created">The transaction that created the node.</param>
/// <param name="Version">What a write to it names.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsReadable">Whether it is a ring in a format that is known here.</param>
internal readonly record struct SlotContent(SlotRing Ring, long Transaction, long Created, int Version, int Bytes, bool IsReadable = true);
