namespace NearCache.Coherence.Slots.Core;

/// <summary>The slots whose content this process cannot read, as the repair of the namespace uses them.</summary>
internal interface IUnreadableSlots
{
    /// <summary>Gets the slots whose content could not be read last time. Called in each check of the namespace.</summary>
    IReadOnlyList<int> Unreadable { get; }

    /// <summary>Reads a slot again from its start. Called when its content has become readable without an event.</summary>
    void Reread(int slot);
}
