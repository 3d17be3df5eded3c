namespace NearCache.Configuration;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    /// <summary>
    /// Returns the first known name with the fewest edits to <paramref name="written"/>, or null if more than half of its letters differ.
    /// </summary>
    public static string? Find(string written, IEnumerable<string> known)
    {
        string? nearest = null;
        var fewest = int.MaxValue;
        foreach (var name in known)
        {
            var edits = Edits(written, name);
            if (edits < fewest)
            {
                (nearest, fewest) = (name, edits);
            }
        }

        return nearest is not null && fewest <= Math.Max(written.Length, nearest.Length) / 2 ? nearest : null;
    }

    /// <summary>Returns the Levenshtein distance, ignoring case: the number of letters to add, remove or replace.</summary>
    public static int Edits(string from, string to)
    {
        var previous = new int[to.Length + 1];
        var current = new int[to.Length + 1];
        for (var j = 0; j <= to.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= from.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var same = char.ToUpperInvariant(from[i - 1]) == char.ToUpperInvariant(to[j - 1]);
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (same ? 0 : 1));
            }

            (previous, current) = (current, previous);
        }

        return previous[to.Length];
    }
}
