namespace NearCache.ZooKeeper;

/// <summary>The exception that is thrown when the access rights of the node forbid the operation.</summary>
public sealed class NoAuthException : ZooKeeperException
{
    internal NoAuthException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoAuth, path)
    {
    }
}

/// <summary>
/// The exception that is thrown when the server rejects access rights: the scheme is unknown, or the id is invalid for the scheme.
/// </summary>
public sealed class InvalidAclException : ZooKeeperException
{
    internal InvalidAclException(string message, string? path)
        : base(message, ZooKeeperErrorCode.InvalidAcl, path)
    {
    }
}

/// <summary>
/// The exception that is thrown when the servers refuse an identity of <see cref="ZooKeeperOptions.Authentications"/> or
/// <see cref="ZooKeeperOptions.Sasl"/>, or require one.
/// </summary>
public sealed class AuthenticationFailedException : ZooKeeperException
{
    internal AuthenticationFailedException(string message, ZooKeeperErrorCode code, string? path)
        : base(message, code, path)
    {
    }
}

/// <summary>The exception that is thrown when a write reaches a server without a quorum, which serves reads only.</summary>
public sealed class ReadOnlyServerException : ZooKeeperException
{
    internal ReadOnlyServerException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NotReadOnly, path) => IsTransient = true;
}
