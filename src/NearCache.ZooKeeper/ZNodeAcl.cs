using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.ZooKeeper;

/// <summary>Represents one entry of a node's access control list: the permissions of one identity.</summary>
public sealed record ZNodeAcl
{
    /// <summary>Gets the permissions.</summary>
    public required ZNodePermissions Permissions { get; init; }

    /// <summary>
    /// Gets the authentication scheme: <c>world</c>, <c>auth</c>, <c>digest</c>, <c>ip</c>, <c>x509</c>, <c>sasl</c> or a plug-in of the
    /// servers.
    /// </summary>
    public required string Scheme { get; init; }

    /// <summary>Gets the identity, in the format of the scheme.</summary>
    public required string Id { get; init; }

    /// <summary>Gets an access control list that grants all permissions to all clients.</summary>
    public static IReadOnlyList<ZNodeAcl> OpenToAll { get; } = [World(ZNodePermissions.All)];

    /// <summary>Gets an access control list that lets all clients read, and none change the node.</summary>
    public static IReadOnlyList<ZNodeAcl> ReadableByAll { get; } = [World(ZNodePermissions.Read)];

    /// <summary>
    /// Gets an access control list that grants all permissions to the identities of the connection that creates the node, and none to
    /// others.
    /// </summary>
    public static IReadOnlyList<ZNodeAcl> CreatorOnly { get; } = [new() { Permissions = ZNodePermissions.All, Scheme = "auth", Id = "" }];

    /// <summary>Returns an entry for all clients (scheme <c>world</c>).</summary>
    /// <param name="permissions">The permissions.</param>
    public static ZNodeAcl World(ZNodePermissions permissions) => new() { Permissions = permissions, Scheme = "world", Id = "anyone" };

    /// <summary>
    /// Returns an entry for a user of the <c>digest</c> scheme. The id is the user and the base64 of SHA-1 over "user:password".
    /// </summary>
    /// <param name="permissions">The permissions.</param>
    /// <param name="user">The name of the user.</param>
    /// <param name="password">The password. Only its hash is stored.</param>
    /// <exception cref="ArgumentException"><paramref name="user"/> is empty or contains a colon.</exception>
    [SuppressMessage("Security", "CA5350", Justification = "The servers compare SHA-1 hashes in the digest scheme.")]
    public static ZNodeAcl Digest(ZNodePermissions permissions, string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(password);
        if (user.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException("The name of a user of the digest scheme must not contain a colon.", nameof(user));
        }

        var hash = SHA1.HashData(Encoding.UTF8.GetBytes($"{user}:{password}"));
        return new ZNodeAcl { Permissions = permissions, Scheme = "digest", Id = $"{user}:{Convert.ToBase64String(hash)}" };
    }
}
