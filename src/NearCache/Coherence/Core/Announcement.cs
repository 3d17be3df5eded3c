namespace NearCache.Coherence.Core;

/// <summary>The announcement of a key in a slot: this key of this server was mutated, at these versions.</summary>
/// <remarks>
/// A key that is mutated again before its announcement was sent is announced once, with all its versions. Without the older versions,
/// readers that count would miss them.
/// </remarks>
internal sealed record Announcement
{
    /// <summary>The most versions that one announcement carries. Older ones are left to the log records.</summary>
    public const int MaxVersions = 32;

    /// <summary>Gets the server, as the hash of its identity.</summary>
    public required ulong Server { get; init; }

    /// <summary>Gets the segment of the key.</summary>
    public int Segment { get; init; }

    /// <summary>Gets the key. Empty if <see cref="Flushed"/> names whole segments.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Gets the versions of the mutations, newest first. Empty if the remote has no counters.</summary>
    public IReadOnlyList<MutationVersion> Versions { get; init; } = [];

    /// <summary>Gets a mask of segments: bit s means that any key of segment s may have changed. 0 in the announcement of a key.</summary>
    public ulong Flushed { get; init; }
}

/// <summary>
/// The versions of a mutation: the <paramref name="N"/>-th of its server and the <paramref name="M"/>-th of its segment (0: unknown).
/// </summary>
internal readonly record struct MutationVersion(long N, long M);
