namespace NearCache.Rules;

/// <summary>Patterns in which <c>*</c> stands for any characters or none, and <c>?</c> for one.</summary>
internal static class Glob
{
    /// <summary>Does the pattern cover the whole text? Takes at most their lengths' product, and allocates nothing.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // Only the last star needs to be tried again: what earlier ones could give away, it can take as well.
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }

    /// <summary>Is there a text that both patterns cover?</summary>
    public static bool Overlap(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        // reachable[j]: a common text exists for what is read of one and the first j of other.
        var reachable = new bool[other.Length + 1];
        reachable[0] = true;
        Pass(reachable, other);
        foreach (var letter in one)
        {
            var next = new bool[other.Length + 1];
            for (var j = 0; j <= other.Length; j++)
            {
                if (letter == '*')
                {
                    // It takes nothing, or any one more of the other pattern.
                    next[j] = reachable[j] || (j > 0 && next[j - 1]);
                }
                else if (j < other.Length)
                {
                    var fits = other[j] == '*' || other[j] == '?' || letter == '?' || other[j] == letter;
                    next[other[j] == '*' ? j : j + 1] |= reachable[j] && fits;
                }
            }

            Pass(next, other);
            reachable = next;
        }

        return reachable[other.Length];
    }

    // A star of the other pattern may take nothing.
    private static void Pass(bool[] reachable, ReadOnlySpan<char> other)
    {
        for (var j = 0; j < other.Length; j++)
        {
            reachable[j + 1] |= reachable[j] && other[j] == '*';
        }
    }
}
