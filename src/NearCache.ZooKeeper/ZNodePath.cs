using System.Globalization;

namespace NearCache.ZooKeeper;

/// <summary>Validates and splits paths.</summary>
internal static class ZNodePath
{
    /// <summary>Throws if a server would reject the path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="parameter">The name of the caller's parameter.</param>
    /// <param name="isSequential">Whether the server appends digits, so that the path may end in a slash.</param>
    /// <exception cref="ArgumentException">The path is invalid. The message names the reason.</exception>
    public static void ThrowIfInvalid(string path, string parameter, bool isSequential = false)
    {
        ArgumentNullException.ThrowIfNull(path, parameter);
        if (FindProblem(path, isSequential) is { } problem)
        {
            throw new ArgumentException($"The path '{path}' {problem}.", parameter);
        }
    }

    /// <summary>Returns a clause that describes why the path is invalid, or null if it is valid.</summary>
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

        return start < path.Length ? FindNameProblem(path.AsSpan(start)) : isSequential ? null : "ends in a slash";
    }

    /// <summary>Returns the path of the parent. The parent of the root is the root.</summary>
    public static string GetParent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";

    /// <summary>Returns the ancestors of a path from the top down, without the root, and then the path.</summary>
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
