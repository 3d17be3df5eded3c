namespace NearCache.ZooKeeper;

/// <summary>
/// The server answered an error that has no class of its own here: see <see cref="ZooKeeperException.Code"/>, which may be one that a newer
/// server added.
/// </summary>
public sealed class RequestRefusedException : ZooKeeperException
{
    internal RequestRefusedException(string message, ZooKeeperErrorCode code, string? path, bool isTransient, bool isOutcomeUnknown)
        : base(message, code, path) => (IsTransient, IsOutcomeUnknown) = (isTransient, isOutcomeUnknown);
}
