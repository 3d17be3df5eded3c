namespace NearCache.Coherence.Slots.Core;

/// <summary>One step of announcing.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Slot">Read, Write: which slot.</param>
/// <param name="Version">Write: the version that the slot must have.</param>
/// <param name="Data">Write: its new content.</param>
/// <param name="Until">Wait: the monotonic millisecond at which to ask again.</param>
internal readonly record struct SlotStep(
    SlotStepKind Kind, int Slot = 0, int Version = 0, ReadOnlyMemory<byte> Data = default, long Until = 0);
