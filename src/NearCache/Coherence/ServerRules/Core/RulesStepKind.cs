namespace NearCache.Coherence.ServerRules.Core;

/// <summary>What is to be done about the rules on a server.</summary>
internal enum RulesStepKind
{
    /// <summary>Nothing before <see cref="RulesStep.Until"/>, unless something happens.</summary>
    Wait,

    /// <summary>Read the item, with flags and CAS number.</summary>
    Read,

    /// <summary>Write the applied set and all known stops, only if there is no item.</summary>
    Add,

    /// <summary>Write the applied set and all known stops, only over the item that has <see cref="RulesStep.Cas"/>.</summary>
    Replace,
}
