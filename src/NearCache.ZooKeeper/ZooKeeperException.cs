namespace NearCache.ZooKeeper;

/// <summary>
/// An operation did not succeed, for another reason than misuse. Each reason that a caller may treat apart is a class of its own.
/// </summary>
public abstract class ZooKeeperException : Exception
{
    private protected ZooKeeperException(string message, ZooKeeperErrorCode code, string? path, Exception? inner = null)
        : base(message, inner) => (Code, Path) = (code, path);

    /// <summary>What the server answered, or the code that comes nearest to what happened on the way.</summary>
    public ZooKeeperErrorCode Code { get; }

    /// <summary>The node that the operation was about, as the caller names it; null if about none.</summary>
    public string? Path { get; }

    /// <summary>The same call may succeed when it is made again.</summary>
    public bool IsTransient { get; private protected init; }

    /// <summary>The operation changes something, and nobody knows whether it has: read before you repeat it.</summary>
    public bool IsOutcomeUnknown { get; private protected init; }
}

/// <summary>
/// The server answered an error that has no class of its own here: see <see cref="ZooKeeperException.Code"/>, which may be one that a newer
/// server added.
/// </summary>
public sealed class RequestRefusedException : ZooKeeperException
{
    internal RequestRefusedException(string message, ZooKeeperErrorCode code, string? path, bool isTransient, bool isOutcomeUnknown)
        : base(message, code, path) => (IsTransient, IsOutcomeUnknown) = (isTransient, isOutcomeUnknown);
}
