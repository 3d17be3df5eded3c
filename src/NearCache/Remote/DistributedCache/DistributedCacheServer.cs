using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.Remote.Keys;

namespace NearCache.Remote.DistributedCache;

/// <summary>
/// Executes the memcached commands that an <see cref="IDistributedCache"/> supports. NearCache's own items (counters that confirm nothing
/// here, and the rules known to this process) stay in this process.
/// </summary>
/// <remarks>
/// Touches and refresh marks are omitted, which only shortens lifetimes. Any other unsupported command throws before anything is sent.
/// </remarks>
internal sealed class DistributedCacheServer(IDistributedCache cache, TimeProvider time) : IRemoteServer
{
    private static readonly byte[] Reserved = Encoding.UTF8.GetBytes(PhysicalKeys.Reserved);

    private readonly EmbeddedServer _own = new(time);

    public string Name => DistributedCacheRemote.Name;

    public bool Compares => false;

    public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
        IsOwn(command) ? _own.ExecuteAsync(command, cancellationToken) : DoAsync(command, cancellationToken);

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        var responses = new MetaResponse[group.Length];
        if (AreReads(group.Span))
        {
            var reads = new Task<MetaResponse>[group.Length];
            for (var i = 0; i < reads.Length; i++)
            {
                reads[i] = ExecuteAsync(group.Span[i], CancellationToken.None).AsTask();
            }

            return new RemoteReply(await Task.WhenAll(reads).ConfigureAwait(false), ConnectionId: 0);
        }

        for (var i = 0; i < responses.Length; i++)
        {
            responses[i] = await ExecuteAsync(group.Span[i], CancellationToken.None).ConfigureAwait(false);
        }

        return new RemoteReply(responses, ConnectionId: 0);
    }

    private static bool IsOwn(in MetaCommand command) => command.Key.Span.StartsWith(Reserved);

    private static bool AreReads(ReadOnlySpan<MetaCommand> group)
    {
        foreach (ref readonly var command in group)
        {
            if (command.Kind != MetaCommandKind.Get)
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<MetaResponse> DoAsync(MetaCommand command, CancellationToken cancellationToken)
    {
        if (!IsPossible(command))
        {
            throw new NotSupportedException(
                $"An IDistributedCache can only get, set and remove: {command.Kind} with its options requires memcached.");
        }

        var key = StrictUtf8.Encoding.GetString(command.Key.Span);
        try
        {
            return command.Kind switch
            {
                MetaCommandKind.Get => await GetAsync(key, cancellationToken).ConfigureAwait(false),
                MetaCommandKind.Set => await SetAsync(key, command, cancellationToken).ConfigureAwait(false),
                _ => await RemoveAsync(key, cancellationToken).ConfigureAwait(false),
            };
        }
        catch (Exception e) when (
            e is not OutOfMemoryException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new DistributedCacheRemoteException(Name, command.Kind, e);
        }
    }

    private static bool IsPossible(in MetaCommand command) => command.CompareCas is null && command.Vivify is null && command.Kind switch
    {
        MetaCommandKind.Get => true,
        MetaCommandKind.Set => command.Mode is MetaSetMode.Set or MetaSetMode.Add,
        MetaCommandKind.Delete => !command.Invalidate,
        _ => false,
    };

    private async ValueTask<MetaResponse> GetAsync(string key, CancellationToken cancellationToken) =>
        await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } bytes
            && DistributedCacheItem.TryRead(bytes, time.GetUtcNow(), out var item)
            ? item
            : new MetaResponse { Status = MetaStatus.Miss };

    private async ValueTask<MetaResponse> SetAsync(string key, MetaCommand command, CancellationToken cancellationToken)
    {
        // Two processes may both find no item and set it; the later one wins.
        if (command.Mode == MetaSetMode.Add && (await GetAsync(key, cancellationToken).ConfigureAwait(false)).Status == MetaStatus.Ok)
        {
            return new MetaResponse { Status = MetaStatus.NotStored };
        }

        var now = time.GetUtcNow();
        var lifetime = Expiry.Lifetime(command.TimeToLive ?? 0, now);
        var options = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime };
        await cache.SetAsync(key, DistributedCacheItem.Write(command, lifetime is { } life ? now + life : null), options, cancellationToken)
            .ConfigureAwait(false);
        return new MetaResponse { Status = MetaStatus.Ok };
    }

    private async ValueTask<MetaResponse> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        await cache.RemoveAsync(key, cancellationToken).ConfigureAwait(false);
        return new MetaResponse { Status = MetaStatus.Ok };
    }
}
