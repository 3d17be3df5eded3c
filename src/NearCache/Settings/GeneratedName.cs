using System.Text.RegularExpressions;

namespace NearCache.Settings;

/// <summary>Recognizes names that a machine has made, and that therefore no second process has: of pods, containers, instances and machines.</summary>
internal static partial class GeneratedName
{
    private const int LeastHexDigits = 12;
    private const int LeastMachineName = 4;

    /// <summary>What makes a name look generated, as the end of a sentence.</summary>
    /// <param name="name">The name.</param>
    /// <param name="machine">The name of this machine: in a container, that of the pod.</param>
    /// <returns>Null: nothing.</returns>
    public static string? WhyIs(string name, string machine) =>
        IsPartOf(name, machine) ? $"holds the name of this machine, {machine}"
        : Guid().IsMatch(name) ? "holds a GUID"
        : Pod().IsMatch(name) ? "holds the name of a pod"
        : Array.Exists(name.Split('-', '.', '_'), IsHex) ? $"holds {LeastHexDigits} hexadecimal digits or more"
        : Time().IsMatch(name) ? "holds a time or a long number"
        : null;

    // Not as a part of a word; and a machine that is called "shop" says nothing about a namespace of that name.
    private static bool IsPartOf(string name, string machine) =>
        machine.Length >= LeastMachineName
        && machine.AsSpan().ContainsAnyInRange('0', '9')
        && Regex.IsMatch(name, $"(?<![A-Za-z0-9]){Regex.Escape(machine)}(?![A-Za-z0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static bool IsHex(string part) =>
        part.Length >= LeastHexDigits && part.All(char.IsAsciiHexDigit) && part.Any(char.IsAsciiDigit) && part.Any(char.IsAsciiLetter);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Guid();

    // Deployment: the hash of its template and five letters, of the alphabet that Kubernetes takes so that no words come out (apimachinery, util/rand).
    [GeneratedRegex("-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Pod();

    [GeneratedRegex("(?<![0-9])[0-9]{10,}(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
