namespace NearCache.Diagnostics;

/// <summary>What NearCache asks of ZooKeeper, by purpose: the tag of its metrics, and what its log names.</summary>
internal enum EnsembleRequest
{
    /// <summary>Looks whether the namespace is whole.</summary>
    CheckNamespace,

    /// <summary>Creates or rewrites what the namespace lacks.</summary>
    RepairNamespace,

    /// <summary>Reads a slot.</summary>
    ReadSlot,

    /// <summary>Writes announcements to a slot.</summary>
    Announce,

    /// <summary>Reads the registry of the rules.</summary>
    ReadRules,

    /// <summary>Puts stops into the registry that came another way.</summary>
    CarryStop,

    /// <summary>Edits the registry, because a person or the application said so.</summary>
    EditRules,

    /// <summary>Counts the members.</summary>
    CountMembers,

    /// <summary>Creates, describes or removes this process's member.</summary>
    KeepMember,

    /// <summary>Looks who else has nodes in the ensemble.</summary>
    Inspect,

    /// <summary>Sets a quota.</summary>
    SetQuota,

    /// <summary>Confirms what is near over a remote without counters.</summary>
    Confirm,
}
