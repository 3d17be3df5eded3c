namespace NearCache.Coherence.Slots;

/// <summary>
/// One read of a slot, from its sending until its answer has been looked at. Its watch may fire before that; then the answer must not arm
/// the slot.
/// </summary>
/// <param name="slot">The slot.</param>
/// <param name="sentAt">The monotonic millisecond.</param>
/// <param name="hasWatch">Whether it sets a watch. Without one it was read for another reason, and tells only what is new.</param>
internal sealed class SlotRead(int slot, long sentAt, bool hasWatch)
{
    public int Slot => slot;

    public long SentAt => sentAt;

    public bool HasWatch => hasWatch;

    /// <summary>Guarded by the lock of the <see cref="SlotBoard"/>.</summary>
    public bool HasFired { get; set; }
}
