namespace NearCache.ZooKeeper;

/// <summary>For SASL by DIGEST-MD5, as a stock server with a <c>Server</c> section of DigestLoginModule asks for.</summary>
/// <param name="User">The user.</param>
/// <param name="Password">The password; it does not travel.</param>
public sealed record ZooKeeperSaslCredentials(string User, string Password)
{
    /// <summary>The user; never the password.</summary>
    public override string ToString() => User;
}
