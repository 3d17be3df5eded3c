using Microsoft.Extensions.Caching.Distributed;

namespace NearCache.Remote.DistributedCache;

/// <summary>
/// Another vendor's <see cref="IDistributedCache"/> as the remote tier. It can get, set and remove, but not count, compare, touch or lock.
/// </summary>
/// <param name="cache">The cache of the application, which is not disposed here.</param>
/// <param name="time">The clocks.</param>
internal sealed class DistributedCacheRemote(IDistributedCache cache, TimeProvider time) : IRemote
{
    /// <summary>The name of the only server, in every process.</summary>
    public const string Name = "distributed-cache";

    public IReadOnlyList<IRemoteServer> Servers { get; } = [new DistributedCacheServer(cache, time)];

    public bool IsEmbedded => false;

    public bool HasCounters => false;

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
