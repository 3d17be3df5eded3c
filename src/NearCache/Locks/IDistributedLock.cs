namespace NearCache;

/// <summary>
/// Locks shared by all processes of a namespace and kept on memcached. Their keys are separate from the application's: no rule covers them,
/// and they cause no load on ZooKeeper.
/// </summary>
/// <remarks>
/// Suited to work that should not be done twice, such as sending a newsletter or warming a cache. It is not mutual exclusion, and nothing
/// on memcached alone can be. Two holders are possible when the server of the lock restarts, evicts it under memory pressure or is removed
/// from the list, when processes have different lists, and when a holder is paused for longer than its lease and continues without
/// checking. Work that must not be done twice checks <see cref="LockHandle.Fence"/> where it takes effect: a database that refuses a number
/// lower than the highest it has seen is safe in all of these cases.
/// </remarks>
public interface IDistributedLock
{
    /// <summary>
    /// Tries to acquire a lock within <see cref="LockOptions.Wait"/>. While another holder has it, the call retries every 10 to 250 ms,
    /// with jitter and in no order.
    /// </summary>
    /// <param name="name">The name; any valid key.</param>
    /// <param name="options">The options. Default: the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The acquired lock, to be disposed; null if another holder had it for all of <see cref="LockOptions.Wait"/>.</returns>
    /// <exception cref="ArgumentException">The name is invalid, or an option is out of range.</exception>
    /// <exception cref="NearCacheException">memcached failed or did not reply.</exception>
    Task<LockHandle?> TryAcquireAsync(string name, LockOptions? options = null, CancellationToken cancellationToken = default);
}

/// <summary>Options of a lock.</summary>
public sealed class LockOptions
{
    /// <summary>
    /// Gets or sets the time a lock stays with a holder that has failed. While the holder lives, the lock is renewed at a third of this
    /// time.
    /// </summary>
    /// <value>Default: 10 s. At least 1 s, at most 1 h.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the longest wait for a lock that another holder has. Zero tries once.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(10);
}
