namespace NearCache;

/// <summary>
/// Locks that all processes of a namespace share, kept on memcached. Their keys are not the application's: no rule can cover them, and they
/// cost ZooKeeper nothing.
/// </summary>
/// <remarks>
/// Good for work that should not be done twice, such as sending a newsletter or warming a cache. It is not mutual exclusion, and nothing on
/// memcached alone can be: two holders are possible when the server that has the lock restarts, evicts it under memory pressure or is taken
/// out of the list, when processes have different lists, and when a holder is paused for longer than its lease and goes on without looking.
/// What must not be done twice checks <see cref="LockHandle.Fence"/> where it is done: a database that refuses a number lower than the
/// highest it has seen is safe in all of these.
/// </remarks>
public interface IDistributedLock
{
    /// <summary>
    /// Tries to acquire a lock, for at most <see cref="LockOptions.Wait"/>. While another holder has it, the call asks again every 10 to
    /// 250 ms, with jitter and in no order.
    /// </summary>
    /// <param name="name">Any text that could be a key.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The lock, to be disposed; null: another holder had it for all of <see cref="LockOptions.Wait"/>.</returns>
    /// <exception cref="ArgumentException">The name cannot be a key, or an option is out of its range.</exception>
    /// <exception cref="NearCacheException">memcached could not be asked, or did not answer.</exception>
    Task<LockHandle?> TryAcquireAsync(string name, LockOptions? options = null, CancellationToken cancellationToken = default);
}

/// <summary>How a lock is acquired and held.</summary>
public sealed class LockOptions
{
    /// <summary>
    /// For how long a lock stays with a holder that has vanished. While the holder lives it is renewed at a third of this.
    /// </summary>
    /// <value>Default: 10 s. At least 1 s, at most 1 h.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long somebody else's lock is waited for. Zero: one try.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(10);
}
