namespace NearCache.Remote.Formats;

/// <summary>An index for each value type, starting at 0, which finds data of a type without hashing it.</summary>
internal static class TypeIndex<T>
{
    public static readonly int Value = TypeIndexes.Next();
}

/// <summary>Allocates the indexes.</summary>
internal static class TypeIndexes
{
    private static int Last = -1;

    public static int Next() => Interlocked.Increment(ref Last);
}
