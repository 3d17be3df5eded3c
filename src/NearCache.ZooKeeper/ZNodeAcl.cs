using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.ZooKeeper;

/// <summary>What one identity may do with a node.</summary>
/// <param name="Permissions">What it may do.</param>
/// <param name="Scheme">
/// <c>world</c>, <c>auth</c>, <c>digest</c>, <c>ip</c>, <c>x509</c>, <c>sasl</c>, or one that the servers were extended by.
/// </param>
/// <param name="Id">Who it is, in the terms of the scheme.</param>
public sealed record ZNodeAcl(ZNodePermissions Permissions, string Scheme, string Id)
{
    /// <summary>Everybody may do everything.</summary>
    public static IReadOnlyList<ZNodeAcl> OpenToAll { get; } = [new(ZNodePermissions.All, "world", "anyone")];

    /// <summary>Everybody may read, nobody may change.</summary>
    public static IReadOnlyList<ZNodeAcl> ReadableByAll { get; } = [new(ZNodePermissions.Read, "world", "anyone")];

    /// <summary>The identities of the connection that makes the node may do everything, nobody else anything.</summary>
    public static IReadOnlyList<ZNodeAcl> CreatorOnly { get; } = [new(ZNodePermissions.All, "auth", "")];

    /// <summary>Rights of a user of the digest scheme: the id is the user and the base64 of SHA-1 over "user:password".</summary>
    /// <exception cref="ArgumentException">The user is empty or has a colon in it.</exception>
    [SuppressMessage("Security", "CA5350", Justification = "The scheme's servers compare SHA-1.")]
    public static ZNodeAcl Digest(ZNodePermissions permissions, string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(password);
        if (user.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException("A user of the digest scheme has no colon in its name.", nameof(user));
        }

        var hash = SHA1.HashData(Encoding.UTF8.GetBytes($"{user}:{password}"));
        return new ZNodeAcl(permissions, "digest", $"{user}:{Convert.ToBase64String(hash)}");
    }
}
