namespace NearCache.Coherence.Core;

/// <summary>News of a key, as it stands in a slot: this key of this server was mutated, at these versions.</summary>
/// <remarks>
/// A key that was mutated again before its announcement left stands once, with all its versions: dropping the older ones would look like
/// lost news to whoever counts.
/// </remarks>
internal sealed record Announcement
{
    /// <summary>More versions than this are not carried: the older ones are left to the log.</summary>
    public const int MostVersions = 32;

    /// <summary>Which server, by the hash of its identity.</summary>
    public required ulong Server { get; init; }

    /// <summary>The segment of the key.</summary>
    public int Segment { get; init; }

    /// <summary>The key; empty when <see cref="Flushed"/> says which segments are meant.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Newest first. Empty where the remote has no counters.</summary>
    public IReadOnlyList<MutationVersion> Versions { get; init; } = [];

    /// <summary>Bit s: any key of segment s may have changed. 0 in an announcement of a key.</summary>
    public ulong Flushed { get; init; }
}

/// <summary>
/// The versions of a mutation: the <paramref name="N"/>-th on its server, the <paramref name="M"/>-th of its segment (0: not known).
/// </summary>
internal readonly record struct MutationVersion(long N, long M);
