namespace NearCache.Flights;

/// <summary>
/// Counts the removals of tags that this process knows of, many tags to one count: what a flight with a tag makes is not for calls that
/// come after a removal.
/// </summary>
/// <remarks>Any thread may read and advance. A collision costs a run of a factory, nothing else.</remarks>
internal sealed class TagRemovalCounts
{
    private const int Count = 1024;

    private readonly long[] _removals = new long[Count];

    /// <summary>Returns a number that is another one after each removal of one of these tags.</summary>
    public long Of(IReadOnlyList<string> tags)
    {
        var sum = 0L;
        for (var i = 0; i < tags.Count; i++)
        {
            sum += Volatile.Read(ref At(tags[i]));
        }

        return sum;
    }

    /// <summary>A tag was removed.</summary>
    public void Advance(string tag) => Interlocked.Increment(ref At(tag));

    private ref long At(string tag) => ref _removals[(uint)string.GetHashCode(tag, StringComparison.Ordinal) % Count];
}
