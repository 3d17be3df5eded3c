namespace NearCache.Diagnostics;

/// <summary>Specifies the purpose of a request to ZooKeeper, as a tag of metrics and a name in logs.</summary>
internal enum EnsembleRequest
{
    /// <summary>Checks whether the namespace is whole.</summary>
    CheckNamespace,

    /// <summary>Creates or rewrites missing nodes of the namespace.</summary>
    RepairNamespace,

    /// <summary>Reads a slot.</summary>
    ReadSlot,

    /// <summary>Writes announcements to a slot.</summary>
    Announce,

    /// <summary>Reads the registry of rules.</summary>
    ReadRules,

    /// <summary>Adds stops to the registry that were received another way.</summary>
    CarryStop,

    /// <summary>Edits the registry, as a person or the application requested.</summary>
    EditRules,

    /// <summary>Counts the members.</summary>
    CountMembers,

    /// <summary>Creates, updates or removes this process's member node.</summary>
    KeepMember,

    /// <summary>Looks for foreign nodes in the ensemble.</summary>
    Inspect,

    /// <summary>Sets a quota.</summary>
    SetQuota,

    /// <summary>Exchanges what processes know of the identities of servers.</summary>
    CompareIdentities,

    /// <summary>Confirms near entries over a remote tier without counters.</summary>
    Confirm,
}
