namespace NearCache.Rules;

/// <summary>Matches patterns in which <c>*</c> stands for any characters or none, and <c>?</c> for one.</summary>
internal static class Glob
{
    /// <summary>
    /// Returns whether the pattern covers the whole text. Takes time up to the product of both lengths, and allocates nothing.
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // Only the last star is retried: it can take whatever an earlier one could give away.
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

    /// <summary>Returns whether there is a text that both patterns cover.</summary>
    public static bool Overlap(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        // reachable[j]: there is a common text of the part of one that was read and the first j characters of other.
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
                    // It takes nothing, or one more character of the other pattern.
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
