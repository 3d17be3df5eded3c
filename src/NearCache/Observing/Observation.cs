using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Observing;

/// <summary>Reads one part of an answer within a time, and returns its value or why it is unknown.</summary>
/// <param name="timeout">The time for one part.</param>
/// <param name="time">The clock.</param>
internal sealed class Observation(TimeSpan timeout, TimeProvider time)
{
    /// <summary>Reads a part.</summary>
    /// <param name="source">What is read, as the subject of a reason.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="cancellationToken">Cancels the operation as a whole.</param>
    public async Task<Observed<T>> OfAsync<T>(
        string source, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return Observed<T>.Of(await read(either.Token).WaitOrAbandonAsync(either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Observed<T>.Missing($"{source} has not answered within {timeout.TotalSeconds:0.###} s", UnknownCause.NoAnswer);
        }
        catch (Exception e) when (e is NoAuthException or NearCacheException { InnerException: NoAuthException })
        {
            return Observed<T>.Missing($"not permitted: {e.Message}", UnknownCause.NotPermitted);
        }
        catch (Exception e) when (e is MemcachedException or ZooKeeperException or NearCacheException)
        {
            return Observed<T>.Missing(e.Message, CauseOf(e));
        }
    }

    // The exceptions of this library wrap those of the clients; one without a cause is about content.
    private static UnknownCause CauseOf(Exception e) => e switch
    {
        MemcachedServerFullException => UnknownCause.ServerFull,
        MemcachedAuthenticationException => UnknownCause.NotAuthenticated,
        MemcachedServerTooOldException => UnknownCause.ServerTooOld,
        NoAuthException => UnknownCause.NotPermitted,
        NoNodeException => UnknownCause.Absent,
        NearCacheException { InnerException: { } inner } => CauseOf(inner),
        MemcachedException { IsTransient: true } or ZooKeeperException { IsTransient: true } => UnknownCause.NoAnswer,
        NearCacheException { IsTransient: false } => UnknownCause.Unreadable,
        _ => UnknownCause.Other,
    };
}
