namespace NearCache.HotKeys.Core;

/// <summary>Recognizes keys that no rule should cover: locks, sessions and counters, by their names and by how they are written.</summary>
internal static class KeyNatures
{
    // Rates per second below which a kind of write says nothing about all keys of a prefix.
    private const double FewAdds = 0.2;
    private const double FewTouches = 0.2;
    private const double FewCompares = 0.2;

    // The parts of the writes above which they are of one kind.
    private const double ManyAdds = 0.2;
    private const double ManyTouches = 0.3;
    private const double ManyCompares = 0.5;

    private static readonly Dictionary<string, KeyNature> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["lock"] = KeyNature.Lock,
        ["locks"] = KeyNature.Lock,
        ["locked"] = KeyNature.Lock,
        ["locking"] = KeyNature.Lock,
        ["lck"] = KeyNature.Lock,
        ["mutex"] = KeyNature.Lock,
        ["mutexes"] = KeyNature.Lock,
        ["mtx"] = KeyNature.Lock,
        ["semaphore"] = KeyNature.Lock,
        ["semaphores"] = KeyNature.Lock,
        ["lease"] = KeyNature.Lock,
        ["leases"] = KeyNature.Lock,
        ["leader"] = KeyNature.Lock,
        ["session"] = KeyNature.Session,
        ["sessions"] = KeyNature.Session,
        ["sess"] = KeyNature.Session,
        ["sid"] = KeyNature.Session,
        ["basket"] = KeyNature.Session,
        ["baskets"] = KeyNature.Session,
        ["cart"] = KeyNature.Session,
        ["carts"] = KeyNature.Session,
        ["counter"] = KeyNature.Counter,
        ["counters"] = KeyNature.Counter,
        ["count"] = KeyNature.Counter,
        ["counts"] = KeyNature.Counter,
        ["cnt"] = KeyNature.Counter,
        ["seq"] = KeyNature.Counter,
        ["sequence"] = KeyNature.Counter,
        ["sequences"] = KeyNature.Counter,
        ["ratelimit"] = KeyNature.Counter,
        ["ratelimits"] = KeyNature.Counter,
        ["limiter"] = KeyNature.Counter,
        ["throttle"] = KeyNature.Counter,
        ["quota"] = KeyNature.Counter,
        ["quotas"] = KeyNature.Counter,
    };

    private static readonly Dictionary<string, KeyNature>.AlternateLookup<ReadOnlySpan<char>> ByWord =
        Words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Returns the nature that a word in the name of a key or prefix tells.</summary>
    /// <remarks>Words end where a letter does not follow, and where a capital letter follows a small one: <c>OrderLock:17</c>.</remarks>
    public static KeyNature OfName(ReadOnlySpan<char> name)
    {
        var start = 0;
        for (var at = 0; at <= name.Length; at++)
        {
            var isLetter = at < name.Length && char.IsAsciiLetter(name[at]);
            if (isLetter && !(at > start && char.IsAsciiLetterUpper(name[at]) && char.IsAsciiLetterLower(name[at - 1])))
            {
                continue;
            }

            if (at > start && ByWord.TryGetValue(name[start..at], out var nature))
            {
                return nature;
            }

            start = isLetter ? at : at + 1;
        }

        return KeyNature.Unknown;
    }

    /// <summary>Returns the nature that the kinds of the writes tell.</summary>
    /// <param name="writes">The writes per second.</param>
    /// <param name="adds">Those that succeed only if the key is absent.</param>
    /// <param name="compares">Those that succeed only if the item is unchanged.</param>
    /// <param name="touches">The extensions of a lifetime per second.</param>
    public static KeyNature OfWrites(double writes, double adds, double compares, double touches) =>
        adds >= FewAdds && adds >= ManyAdds * writes ? KeyNature.Lock
        : touches >= FewTouches && touches >= ManyTouches * writes ? KeyNature.Session
        : compares >= FewCompares && compares >= ManyCompares * writes ? KeyNature.Counter
        : KeyNature.Unknown;
}
