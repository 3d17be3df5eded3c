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
