namespace NearCache.Usage;

/// <summary>What is counted by rule. The names on memcached are the first letters.</summary>
internal enum UsageKind
{
    /// <summary>Reads that a near tier answered.</summary>
    NearHit,

    /// <summary>Reads that went to memcached.</summary>
    RemoteRead,

    /// <summary>Mutations.</summary>
    Write,

    /// <summary>Mutations handed to ZooKeeper.</summary>
    Announcement,
}
