namespace NearCache.Flights;

/// <summary>
/// Counts the removals of tags known to this process, with many tags per count. A flight with a tag is not joined by calls after a removal
/// of that tag.
/// </summary>
/// <remarks>Thread-safe. A collision only costs another run of a factory.</remarks>
internal sealed class TagRemovalCounts
{
    private const int Count = 1024;

    private readonly long[] _removals = new long[Count];

    /// <summary>Returns a number that changes with each removal of one of these tags.</summary>
    public long Of(IReadOnlyList<string> tags)
    {
        var sum = 0L;
        for (var i = 0; i < tags.Count; i++)
        {
            sum += Volatile.Read(ref At(tags[i]));
        }

        return sum;
    }

    /// <summary>Counts the removal of a tag.</summary>
    public void Advance(string tag) => Interlocked.Increment(ref At(tag));

    private ref long At(string tag) => ref _removals[(uint)string.GetHashCode(tag, StringComparison.Ordinal) % Count];
}
