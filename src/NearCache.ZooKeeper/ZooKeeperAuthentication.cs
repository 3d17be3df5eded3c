using System.Text;

namespace NearCache.ZooKeeper;

/// <summary>An identity that the client claims on every connection.</summary>
/// <param name="Scheme">A scheme of the server's, for instance <c>digest</c>.</param>
/// <param name="Credentials">What the scheme asks for.</param>
public sealed record ZooKeeperAuthentication(string Scheme, ReadOnlyMemory<byte> Credentials)
{
    /// <summary>The digest scheme: a user and a password, which travel as they are (use TLS).</summary>
    public static ZooKeeperAuthentication Digest(string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(password);
        return new ZooKeeperAuthentication("digest", Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    /// <summary>The scheme; never the credentials.</summary>
    public override string ToString() => Scheme;
}

/// <summary>For SASL by DIGEST-MD5, as a stock server with a <c>Server</c> section of DigestLoginModule asks for.</summary>
/// <param name="User">The user.</param>
/// <param name="Password">The password; it does not travel.</param>
public sealed record ZooKeeperSaslCredentials(string User, string Password)
{
    /// <summary>The user; never the password.</summary>
    public override string ToString() => User;
}

/// <summary>Who a server takes a connection for.</summary>
/// <param name="Scheme">For instance <c>ip</c>, <c>digest</c>, <c>x509</c>, <c>sasl</c>.</param>
/// <param name="User">Who, in the terms of the scheme.</param>
public sealed record ZooKeeperIdentity(string Scheme, string User);
