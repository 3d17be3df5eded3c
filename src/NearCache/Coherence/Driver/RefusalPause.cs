using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>How long to wait after a refusal that no second try mends: somebody has to raise a quota, or to give rights. Even a refused write is a transaction of the ensemble.</summary>
/// <remarks>One writer at a time.</remarks>
internal sealed class RefusalPause(QuotaRefusals quota)
{
    private const double Spread = 0.2;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private int _refusals;

    /// <summary>Is it such a refusal?</summary>
    public static bool IsFor(ZooKeeperException exception) =>
        exception.Code is ZooKeeperErrorCode.QuotaExceeded or ZooKeeperErrorCode.NoAuth or ZooKeeperErrorCode.InvalidAcl;

    /// <summary>A write was refused: says so, and how long to wait.</summary>
    public TimeSpan Refused(ZooKeeperException exception, string what, string path, ILogger logger)
    {
        if (exception.Code == ZooKeeperErrorCode.QuotaExceeded)
        {
            quota.Add(what, path);
        }
        else
        {
            logger.ZooKeeperFailed(exception, what);
        }

        var doubled = First * Math.Pow(2, Math.Min(_refusals++, 30));
        return (doubled < Longest ? doubled : Longest) * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()));
    }

    /// <summary>A write was done.</summary>
    public void Passed() => _refusals = 0;
}
