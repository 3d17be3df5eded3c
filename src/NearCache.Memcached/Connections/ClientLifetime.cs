using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Stands for a client and its servers: when the last of them is collected without having been disposed, it ends their connections and says
/// where they were made.
/// </summary>
/// <remarks>The loops of the connections never refer to it; a connection does while something is in flight.</remarks>
internal sealed class ClientLifetime(ILogger logger) : IAsyncDisposable
{
    // Whole: how many of its frames are ours depends on what the compiler has inlined by now.
    private readonly StackTrace _createdAt = new(fNeedFileInfo: false);
    private readonly Lock _lock = new();   // guards the list and whether it is closed
    private ConnectionPool[] _pools = [];
    private bool _isClosed;

    ~ClientLifetime()
    {
        logger.NeverDisposed(string.Join(", ", _pools.Select(pool => pool.Settings.Server)), _createdAt.ToString());
        foreach (var pool in _pools)
        {
            pool.Abort();
        }
    }

    /// <summary>Looks after more connections.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Add(IEnumerable<ConnectionPool> pools)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                throw ConnectionFailure.Closed().ToException(null, outcomeUnknown: false);
            }

            _pools = [.. _pools, .. pools];
        }
    }

    /// <summary>
    /// Ends the connections to servers that were taken off the list, once what is in flight is answered, and forgets them.
    /// </summary>
    public async Task RetireAsync(IReadOnlyCollection<ConnectionPool> pools, TimeSpan drain)
    {
        await Task.WhenAll(pools.Select(pool => pool.RetireAsync(drain))).ConfigureAwait(false);
        lock (_lock)
        {
            _pools = [.. _pools.Except(pools)];
        }
    }

    /// <summary>Nothing is left to do when it is collected; to be called after <see cref="CloseAsync"/>.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes the sockets of all connections now, from any thread. To be followed by <see cref="CloseAsync"/>.</summary>
    public void Abort()
    {
        ConnectionPool[] pools;
        lock (_lock)
        {
            pools = _pools;
        }

        Array.ForEach(pools, pool => pool.Abort());
    }

    /// <summary>Ends all connections; once.</summary>
    public async ValueTask CloseAsync(TimeSpan drain)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        await Task.WhenAll(_pools.Select(pool => pool.CloseAsync(drain))).ConfigureAwait(false);
    }
}
