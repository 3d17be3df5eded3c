namespace NearCache.Remote.Formats;

/// <summary>
/// A number for each type that values are read or written as, counted from 0: finds what belongs to a type without hashing it.
/// </summary>
internal static class TypeIndex<T>
{
    public static readonly int Value = TypeIndexes.Next();
}

/// <summary>Counts them.</summary>
internal static class TypeIndexes
{
    private static int Last = -1;

    public static int Next() => Interlocked.Increment(ref Last);
}
