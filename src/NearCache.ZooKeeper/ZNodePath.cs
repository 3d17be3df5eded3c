using System.Globalization;

namespace NearCache.ZooKeeper;

/// <summary>Which paths there can be.</summary>
/// <remarks>Source: ZooKeeper, "The ZooKeeper Data Model", and PathUtils.</remarks>
internal static class ZNodePath
{
    /// <summary>Refuses what no server would take, before anything is sent.</summary>
    /// <param name="path">The path.</param>
    /// <param name="parameter">The name of the caller's parameter.</param>
    /// <param name="isSequential">The server appends digits: the path may end in a slash.</param>
    /// <exception cref="ArgumentException">It is no path; the message says why.</exception>
    public static void ThrowIfInvalid(string path, string parameter, bool isSequential = false)
    {
        ArgumentNullException.ThrowIfNull(path, parameter);
        if (FindProblem(path, isSequential) is { } problem)
        {
            throw new ArgumentException($"The path '{path}' {problem}.", parameter);
        }
    }

    /// <summary>What is wrong with it, or null.</summary>
    public static string? FindProblem(string path, bool isSequential = false)
    {
        if (path.Length == 0 || path[0] != '/')
        {
            return "does not begin with a slash";
        }

        var start = 1;
        for (var i = 1; i < path.Length; i++)
        {
            var character = path[i];
            if (character == '/')
            {
                if (FindNameProblem(path.AsSpan(start, i - start)) is { } problem)
                {
                    return problem;
                }

                start = i + 1;
            }
            else if (character is <= '\u001f' or (>= '\u007f' and <= '\u009f') or (>= '\ud800' and <= '\uf8ff') or >= '\ufff0')
            {
                return string.Create(CultureInfo.InvariantCulture, $"has the character U+{(int)character:X4} in it, which is not allowed");
            }
        }

        if (path.Length == 1)
        {
            return null;
        }

        return start == path.Length && !isSequential ? "ends in a slash" : start == path.Length ? null : FindNameProblem(path.AsSpan(start));
    }

    /// <summary>The node above; of the root, the root.</summary>
    public static string GetParent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";

    /// <summary>The nodes on the way to a path, the highest first, the path itself last; without the root.</summary>
    public static IEnumerable<string> AncestorsAndSelf(string path)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }

        yield return path;
    }

    private static string? FindNameProblem(ReadOnlySpan<char> segment) => segment switch
    {
        "" => "has an empty name in it",
        "." or ".." => "has a relative name in it",
        _ => null,
    };
}
