namespace NearCache.ZooKeeper;

/// <summary>The access rights of the node do not allow it.</summary>
public sealed class NoAuthException : ZooKeeperException
{
    internal NoAuthException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoAuth, path)
    {
    }
}

/// <summary>Access rights that the server does not take: an unknown scheme, or an id that the scheme does not know.</summary>
public sealed class InvalidAclException : ZooKeeperException
{
    internal InvalidAclException(string message, string? path)
        : base(message, ZooKeeperErrorCode.InvalidAcl, path)
    {
    }
}

/// <summary>
/// The servers refuse an identity of <see cref="ZooKeeperOptions.Authentications"/> or <see cref="ZooKeeperOptions.Sasl"/>, or ask for one.
/// </summary>
public sealed class AuthenticationFailedException : ZooKeeperException
{
    internal AuthenticationFailedException(string message, ZooKeeperErrorCode code, string? path)
        : base(message, code, path)
    {
    }
}

/// <summary>A change was asked of a server that has no quorum and serves reads only.</summary>
public sealed class ReadOnlyServerException : ZooKeeperException
{
    internal ReadOnlyServerException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NotReadOnly, path) => IsTransient = true;
}
