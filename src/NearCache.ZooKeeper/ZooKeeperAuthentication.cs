using System.Text;

namespace NearCache.ZooKeeper;

/// <summary>Represents an identity that the client claims on every connection.</summary>
public sealed record ZooKeeperAuthentication
{
    /// <summary>Gets the authentication scheme of the servers, for example <c>digest</c>.</summary>
    public required string Scheme { get; init; }

    /// <summary>Gets the credentials, in the format of the scheme.</summary>
    public required ReadOnlyMemory<byte> Credentials { get; init; }

    /// <summary>Returns an identity of the <c>digest</c> scheme. User and password are sent in clear text; use TLS.</summary>
    /// <param name="user">The name of the user.</param>
    /// <param name="password">The password.</param>
    public static ZooKeeperAuthentication Digest(string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(password);
        return new ZooKeeperAuthentication { Scheme = "digest", Credentials = Encoding.UTF8.GetBytes($"{user}:{password}") };
    }

    /// <summary>Returns the scheme. Never the credentials.</summary>
    public override string ToString() => Scheme;
}

/// <summary>
/// Represents a user and a password for SASL with DIGEST-MD5, the mechanism of a server with a <c>Server</c> section of DigestLoginModule.
/// </summary>
public sealed record ZooKeeperSaslCredentials
{
    /// <summary>Gets the name of the user.</summary>
    public required string User { get; init; }

    /// <summary>Gets the password. It is never sent.</summary>
    public required string Password { get; init; }

    /// <summary>Returns the user. Never the password.</summary>
    public override string ToString() => User;
}

/// <summary>Represents an identity that the server has accepted for a connection.</summary>
public sealed record ZooKeeperIdentity
{
    /// <summary>Gets the authentication scheme, for example <c>ip</c>, <c>digest</c>, <c>x509</c> or <c>sasl</c>.</summary>
    public required string Scheme { get; init; }

    /// <summary>Gets the user, in the format of the scheme.</summary>
    public required string User { get; init; }
}
