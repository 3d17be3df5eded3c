using System.Text.RegularExpressions;

namespace NearCache.Configuration;

/// <summary>Detects names that were generated for one pod, container, instance or machine, and that no second process has.</summary>
internal static partial class GeneratedName
{
    private const int MinHexDigits = 12;
    private const int MinChanges = 2;
    private const int MinMachineName = 4;

    /// <summary>Returns why a name looks generated, as the end of a sentence.</summary>
    /// <param name="name">The name.</param>
    /// <param name="machine">The name of this machine; in a container, that of the pod.</param>
    /// <returns>The reason, or null if the name does not look generated.</returns>
    public static string? ReasonFor(string name, string machine) =>
        IsPartOf(name, machine) ? $"holds the name of this machine, {machine}"
        : Guid().IsMatch(name) ? "holds a GUID"
        : Pod().IsMatch(name)
            || ShortPod().Matches(name).Any(pod => Changes(pod.Groups[1].ValueSpan) >= MinChanges) ? "holds the name of a pod"
        : Hex().Matches(name).Any(run => Changes(run.ValueSpan) >= MinChanges) ? $"holds {MinHexDigits} hexadecimal digits or more"
        : Ulid().IsMatch(name) ? "holds a ULID"
        : Address().IsMatch(name) ? "holds a private IP address"
        : Time().IsMatch(name) ? "holds a time or a long number"
        : null;

    // Not within a word. A machine called "shop" does not make a namespace of that name a generated one.
    private static bool IsPartOf(string name, string machine) =>
        machine.Length >= MinMachineName
        && machine.AsSpan().ContainsAnyInRange('0', '9')
        && Regex.IsMatch(
            name, $"(?<![A-Za-z0-9]){Regex.Escape(machine)}(?![A-Za-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // Counts the changes between letters and digits. They are rare where a person puts a word before a date: "feed20300101".
    private static int Changes(ReadOnlySpan<char> text)
    {
        var changes = 0;
        for (var i = 1; i < text.Length; i++)
        {
            changes += char.IsAsciiDigit(text[i]) != char.IsAsciiDigit(text[i - 1]) ? 1 : 0;
        }

        return changes;
    }

    [GeneratedRegex(
        "[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Guid();

    // Deployment: the hash of its template and five letters, from the alphabet that Kubernetes uses to avoid words (apimachinery,
    // util/rand).
    [GeneratedRegex("-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Pod();

    // Names that other tools shorten or create in the same way.
    [GeneratedRegex("-([0-9a-f]{6,10})-[a-z0-9]{5}(?![a-z0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex ShortPod();

    // Also directly after a word: a GUID without dashes, a hash, the id of a container.
    [GeneratedRegex("[0-9a-f]{12,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Hex();

    [GeneratedRegex("(?<![a-z0-9])[0-7][0-9a-hjkmnp-tv-z]{25}(?![a-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Ulid();

    [GeneratedRegex("(?<![0-9])(?:10|172|192)([.-])[0-9]{1,3}\\1[0-9]{1,3}\\1[0-9]{1,3}(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex("(?<![0-9])(?:[0-9]{10,}|20[0-9]{6}[-_.T][0-9]{4,6})(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
