using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;

namespace NearCache.Memcached.Connections;

/// <summary>Stands for a client and its servers: when the last of them is collected without having been disposed, it ends their connections and says where they were made.</summary>
/// <remarks>The loops of the connections never refer to it; a connection does while something is in flight.</remarks>
internal sealed class ClientGuard(IReadOnlyList<ConnectionPool> pools, ILogger logger) : IAsyncDisposable
{
    private readonly StackTrace _createdAt = new(skipFrames: 2, fNeedFileInfo: false);
    private int _closed;

    ~ClientGuard()
    {
        logger.NeverDisposed(string.Join(", ", pools.Select(pool => pool.Settings.Server)), _createdAt.ToString());
        foreach (var keeper in pools.SelectMany(pool => pool.Keepers))
        {
            keeper.Abort();
        }
    }

    /// <summary>Nothing is left to do when it is collected; to be called after <see cref="CloseAsync"/>.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends all connections; once.</summary>
    public async ValueTask CloseAsync(TimeSpan drain)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            await Task.WhenAll(pools.SelectMany(pool => pool.Keepers).Select(keeper => keeper.CloseAsync(drain))).ConfigureAwait(false);
        }
    }
}
