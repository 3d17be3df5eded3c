using System.Globalization;

namespace NearCache.Coherence.Identity.Core;

/// <summary>Evidence that a name is not one server, or that its server has old contents. Nothing of the name is near meanwhile.</summary>
/// <param name="Server">The name.</param>
/// <param name="Kind">The case.</param>
/// <param name="Other">For <see cref="IdentityConflictKind.SharedServer"/>: the other name.</param>
/// <param name="Until">For <see cref="IdentityConflictKind.OldContents"/>: the instant up to which the contents are known to go.</param>
internal sealed record IdentityConflict(string Server, IdentityConflictKind Kind, string Other = "", long Until = 0)
{
    /// <summary>Gets the case and the remedy as one clause.</summary>
    public string Text => Kind switch
    {
        IdentityConflictKind.TwoServers =>
            $"{Server} is two servers (a balancer, several machines behind a name, or a fail-over of some connections): list each one "
            + "under a name of its own, and flush both",
        IdentityConflictKind.SharedServer => $"{Server} and {Other} are one server: list it once",
        IdentityConflictKind.SeveralAddresses =>
            $"{Server} has several addresses ({Other}), which are different servers: list each address, or set EveryAddressIsAServer",
        _ => $"{Server} returned with contents of before {Time(Until)} (a fail-over and back, or a snapshot): flush it",
    };

    private static string Time(long wall) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(wall, 0)).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Specifies why a name is not served near. The name is a tag of the metric.</summary>
internal enum IdentityConflictKind
{
    /// <summary>Two servers are behind the name at one time.</summary>
    TwoServers,

    /// <summary>The server shows an identity that was superseded, or a total lower than before.</summary>
    OldContents,

    /// <summary>Two names lead to one server.</summary>
    SharedServer,

    /// <summary>The name has several addresses, which are different servers.</summary>
    SeveralAddresses,
}
