using NearCache.Memcached;

namespace NearCache.Remote;

/// <summary>The tier that all processes share. Each of its servers owns a part of the keys.</summary>
internal interface IRemote : IAsyncDisposable, IDisposable
{
    /// <summary>Gets all servers. Their indexes in the list do not change during the life of this object.</summary>
    IReadOnlyList<IRemoteServer> Servers { get; }

    /// <summary>Gets a value indicating whether the tier is inside this process, so that no other process can write to it.</summary>
    bool IsEmbedded { get; }

    /// <summary>
    /// Gets a value indicating whether the servers count writes and compare versions. A vendor's cache can only get, set and remove.
    /// </summary>
    bool HasCounters => true;

    /// <summary>
    /// Gets a text with everything that decides which server owns a key. Processes with different texts look for a key in different places.
    /// </summary>
    string Placement => string.Join(',', Servers.Select(server => server.Name).Order(StringComparer.Ordinal));

    /// <summary>Gets the connected sockets. Empty without own connections.</summary>
    IReadOnlyList<MemcachedConnectionInfo> Connections => [];

    /// <summary>Closes the connections at once without waiting. Does nothing without own connections.</summary>
    void IDisposable.Dispose()
    {
    }

    /// <summary>Returns the index of the server that owns a physical key.</summary>
    int IndexOf(ReadOnlySpan<byte> key);
}

/// <summary>A remote tier whose server list can be replaced in use.</summary>
internal interface IChangingRemote : IRemote
{
    /// <summary>Creates the remote with another server list. Servers in both lists are the same objects in both.</summary>
    /// <remarks>
    /// The next remote owns everything from then on, so this one must not be disposed. Operations on its other servers may still be sent
    /// for a moment.
    /// </remarks>
    /// <returns>The next remote, and a task that completes when the connections to removed servers are closed.</returns>
    /// <exception cref="ArgumentException">The list has mistakes; nothing was changed.</exception>
    (IChangingRemote Next, Task Retired) Change(IEnumerable<string> servers);
}

/// <summary>Marks a cache abstraction that is implemented by a NearCache, and therefore cannot be the remote tier of one.</summary>
internal interface INearCacheAdapter;
