namespace NearCache.ZooKeeper;

/// <summary>
/// Represents the failure of an operation for a reason other than misuse. Each cause that callers may handle separately has a class.
/// </summary>
public abstract class ZooKeeperException : Exception
{
    private protected ZooKeeperException(string message, ZooKeeperErrorCode code, string? path, Exception? inner = null)
        : base(message, inner) => (Code, Path) = (code, path);

    /// <summary>Gets the error code of the server, or the code that describes a failure without a reply best.</summary>
    public ZooKeeperErrorCode Code { get; }

    /// <summary>Gets the path of the node, as the caller passed it; null if the operation has no path.</summary>
    public string? Path { get; }

    /// <summary>Gets a value that indicates whether the same call may succeed when it is repeated.</summary>
    public bool IsTransient { get; private protected init; }

    /// <summary>
    /// Gets a value that indicates whether it is unknown if the operation, a write, took effect. Read the node before you repeat the call.
    /// </summary>
    public bool IsOutcomeUnknown { get; private protected init; }
}

/// <summary>
/// Represents an error reply that has no class of its own. See <see cref="ZooKeeperException.Code"/>, which may be a code of a newer
/// server.
/// </summary>
public sealed class RequestRefusedException : ZooKeeperException
{
    internal RequestRefusedException(string message, ZooKeeperErrorCode code, string? path, bool isTransient, bool isOutcomeUnknown)
        : base(message, code, path) => (IsTransient, IsOutcomeUnknown) = (isTransient, isOutcomeUnknown);
}
