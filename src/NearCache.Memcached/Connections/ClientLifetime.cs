using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Tracks whether a client and its servers are reachable. When all of them are collected without having been disposed, the finalizer closes
/// their connections and logs where the client was created.
/// </summary>
/// <remarks>The loops of the connections never reference this object; a connection references it while commands are in flight.</remarks>
internal sealed class ClientLifetime(ILogger logger) : IAsyncDisposable
{
    // The complete stack: how many frames belong to the client depends on inlining.
    private readonly StackTrace _createdAt = new(fNeedFileInfo: false);
    private readonly Lock _lock = new();   // guards `_pools` and `_isClosed`
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

    /// <summary>Gets the connections to the servers, including removed servers until they are closed.</summary>
    public IReadOnlyList<ConnectionPool> Pools
    {
        get
        {
            lock (_lock)
            {
                return _pools;
            }
        }
    }

    /// <summary>Adds connections.</summary>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
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

    /// <summary>Closes the connections to removed servers once commands in flight are answered, and removes them.</summary>
    public async Task RetireAsync(IReadOnlyCollection<ConnectionPool> pools, TimeSpan drain)
    {
        await Task.WhenAll(pools.Select(pool => pool.RetireAsync(drain))).ConfigureAwait(false);
        lock (_lock)
        {
            _pools = [.. _pools.Except(pools)];
        }
    }

    /// <summary>Suppresses the finalizer. Called after <see cref="CloseAsync"/>.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes the sockets of all connections now. Thread-safe. Must be followed by <see cref="CloseAsync"/>.</summary>
    public void Abort()
    {
        foreach (var pool in Pools)
        {
            pool.Abort();
        }
    }

    /// <summary>Closes all connections. Only the first call has an effect.</summary>
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
