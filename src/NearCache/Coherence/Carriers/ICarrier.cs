using NearCache.Coherence.Ledger;

namespace NearCache.Coherence.Carriers;

/// <summary>Carries announcements between the processes of a namespace: <c>ZooKeeper</c>'s slots, or a message broker.</summary>
/// <remarks>
/// A carrier announces what has gathered (<see cref="IAnnouncer.Announce"/>), and applies to the servers of the cache what others
/// announced. It provides speed only: audits make right whatever it loses, delays, doubles or reorders, so several carriers may be active,
/// and the processes of a namespace may have different ones.
/// </remarks>
internal interface ICarrier : IAnnouncer
{
    /// <summary>Gets the name, for logs, metrics and health checks.</summary>
    string Name { get; }

    /// <summary>
    /// Gets whether announcements of other processes arrive now, by evidence: a connection is not enough. If not, audits do not wait for
    /// them.
    /// </summary>
    bool IsDelivering { get; }

    /// <summary>Gets how long an announcement is expected to take, in milliseconds.</summary>
    long ExpectedDelay { get; }

    /// <summary>Returns the state of the carrier.</summary>
    CarrierSnapshot Snapshot();
}
