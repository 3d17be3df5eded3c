using System.Net;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>Parses access control entries in the format of zkCli: <c>scheme:id:permissions</c>, where the id may contain colons.</summary>
internal static class AclParser
{
    // The permissions that NearCache needs for its znodes.
    private const ZNodePermissions Needed =
        ZNodePermissions.Read | ZNodePermissions.Write | ZNodePermissions.Create | ZNodePermissions.Delete;

    private const int Sha1Bytes = 20;

    /// <summary>Returns whether connections have an identity that the scheme <c>auth</c> stands for.</summary>
    public static bool HasIdentity(ZooKeeperOptions options) =>
        options.Authentications.Count > 0 || options.Sasl is not null || options.Tls?.ClientCertificates is { Count: > 0 };

    /// <summary>Returns the entries of valid texts.</summary>
    public static IReadOnlyList<ZNodeAcl> Parse(IEnumerable<string> texts) =>
        [.. texts.Select(text => TryParse(text, out var acl) ? acl! : throw new FormatException(text))];

    /// <summary>Returns each error as the end of a sentence that begins with the name of the setting.</summary>
    /// <param name="texts">The entries.</param>
    /// <param name="hasIdentity">Whether the client authenticates.</param>
    public static IEnumerable<string> FindErrors(IList<string> texts, bool hasIdentity)
    {
        var together = ZNodePermissions.None;
        for (var i = 0; i < texts.Count; i++)
        {
            if (!TryParse(texts[i], out var acl))
            {
                yield return $":{i} is \"{Shown(texts[i])}\", but must be scheme:id:permissions with permissions out of the letters cdrwa, "
                    + "such as auth::cdrwa.";
                yield break;
            }

            together |= acl!.Permissions;
            if (Problem(acl, hasIdentity) is { } problem)
            {
                yield return $":{i} is \"{Shown(texts[i])}\", but {problem}.";
            }
        }

        if (texts.Count > 0 && (together & Needed) != Needed)
        {
            yield return " grants no identity all of c, d, r and w, but NearCache must create, delete, read and write its znodes.";
        }
    }

    // The id of a digest may be a password that was written by mistake.
    private static string Shown(string? text) => text?.Split(':') is ["digest", .. var rest]
        ? $"digest:{(rest.Length > 2 ? rest[0] + ":" : "")}…{(rest.Length > 1 ? ":" + rest[^1] : "")}"
        : text ?? "";

    private static string? Problem(ZNodeAcl acl, bool hasIdentity) => acl.Scheme switch
    {
        "world" => acl.Id == "anyone" ? null : "the id of the scheme world must be anyone",
        "auth" => acl.Id.Length > 0 ? "the scheme auth must have no id: it stands for the identity that creates the znode"
            : hasIdentity ? null : "auth stands for the identity of the connection, and there is none: set ZooKeeper:Authentications or "
                + "ZooKeeper:Sasl",
        "digest" => IsDigest(acl.Id)
            ? null
            : "the id of the scheme digest must be user:hash, where the hash is the base64 of SHA-1 over user:password (never the "
                + "password)",
        "ip" => IsAddress(acl.Id)
            ? null
            : "the id of the scheme ip must be an address, or one with the number of its bits that count, such as 10.0.0.0/8",
        _ => acl.Id.Length > 0 ? null : $"the scheme {acl.Scheme} needs an id",
    };

    private static bool TryParse(string? text, out ZNodeAcl? acl)
    {
        acl = null;
        text ??= "";
        var (first, last) = (text.IndexOf(':', StringComparison.Ordinal), text.LastIndexOf(':'));
        if (first < 1
            || last == first
            || !text[..first].All(char.IsAsciiLetterOrDigit)
            || Permissions(text.AsSpan(last + 1)) is not { } permissions)
        {
            return false;
        }

        acl = new ZNodeAcl { Permissions = permissions, Scheme = text[..first], Id = text[(first + 1)..last] };
        return true;
    }

    private static ZNodePermissions? Permissions(ReadOnlySpan<char> letters)
    {
        var permissions = ZNodePermissions.None;
        foreach (var letter in letters)
        {
            var one = letter switch
            {
                'c' => ZNodePermissions.Create,
                'd' => ZNodePermissions.Delete,
                'r' => ZNodePermissions.Read,
                'w' => ZNodePermissions.Write,
                'a' => ZNodePermissions.Admin,
                _ => ZNodePermissions.None,
            };
            if (one == ZNodePermissions.None || permissions.HasFlag(one))
            {
                return null;
            }

            permissions |= one;
        }

        return permissions == ZNodePermissions.None ? null : permissions;
    }

    private static bool IsDigest(string id)
    {
        var colon = id.IndexOf(':', StringComparison.Ordinal);
        Span<byte> hash = stackalloc byte[Sha1Bytes];
        return colon > 0 && Convert.TryFromBase64String(id[(colon + 1)..], hash, out var bytes) && bytes == Sha1Bytes;
    }

    private static bool IsAddress(string id)
    {
        var parts = id.Split('/');
        return parts.Length <= 2 && IPAddress.TryParse(parts[0], out var address)
            && (parts.Length == 1 || (int.TryParse(parts[1], out var bits) && bits >= 0 && bits <= 8 * address.GetAddressBytes().Length));
    }
}
