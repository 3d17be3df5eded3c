using System.Globalization;

namespace NearCache.Memcached.Protocol;

/// <summary>Represents the version that a server reports, and its effect on the replies.</summary>
/// <remarks>A version of another form belongs to a proxy or another product and is treated as current.</remarks>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "version". 1.6.18-beta, 1.6.9_1 and 1.4.39 (Ubuntu) exist.
internal readonly record struct ServerVersion(int Major, int Minor, int Patch) : IComparable<ServerVersion>
{
    /// <summary>The oldest supported version. Before it, <c>ms</c> took its length as a flag and replied <c>OK</c>.</summary>
    public static readonly ServerVersion Oldest = new(1, 6, 10);

    private static readonly ServerVersion FirstToRepeatOpaqueOfMiss = new(1, 6, 18);

    /// <summary>Gets a value that indicates whether the client supports the version.</summary>
    public bool IsSupported => CompareTo(Oldest) >= 0;

    /// <summary>
    /// Gets a value that indicates whether a miss repeats the number of its command. Before 1.6.18, a miss is <c>EN</c> alone.
    /// </summary>
    public bool RepeatsOpaqueOfMiss => CompareTo(FirstToRepeatOpaqueOfMiss) >= 0;

    /// <summary>Parses the text after <c>VERSION </c>.</summary>
    public static ServerVersion Parse(string text)
    {
        var parts = text.Split('.', 3);
        return parts.Length == 3
            && TryNumber(parts[0], isWhole: true, out var major)
            && TryNumber(parts[1], isWhole: true, out var minor)
            && TryNumber(parts[2], isWhole: false, out var patch)
            ? new ServerVersion(major, minor, patch)
            : new ServerVersion(int.MaxValue, 0, 0);
    }

    public int CompareTo(ServerVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    private static bool TryNumber(string text, bool isWhole, out int number)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? text.AsSpan(0, end) : text;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && (!isWhole || digits.Length == text.Length);
    }
}
