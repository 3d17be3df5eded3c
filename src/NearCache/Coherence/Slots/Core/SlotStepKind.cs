namespace NearCache.Coherence.Slots.Core;

/// <summary>What the owner of a <see cref="SlotWriter"/> is to do next.</summary>
internal enum SlotStepKind
{
    /// <summary>Nothing before <see cref="SlotStep.Until"/>, unless an announcement is put in line.</summary>
    Wait,

    /// <summary>getData of the slot, without a watch.</summary>
    Read,

    /// <summary>setData of the slot.</summary>
    Write,
}
