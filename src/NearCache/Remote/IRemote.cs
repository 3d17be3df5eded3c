namespace NearCache.Remote;

/// <summary>The tier that all processes share: servers that each own a part of the keys.</summary>
internal interface IRemote : IAsyncDisposable, IDisposable
{
    /// <summary>All servers. Their places in the list are their indices for the life of this object.</summary>
    IReadOnlyList<IRemoteServer> Servers { get; }

    /// <summary>Whether everything is kept in this process only, so that nobody else could write.</summary>
    bool IsEmbedded { get; }

    /// <summary>
    /// Whether the servers count writes and compare versions. False: another vendor's cache, which can get, set and remove, and no more.
    /// </summary>
    bool HasCounters => true;

    /// <summary>
    /// Everything that decides which server has a key, as text: processes for which it differs look for a key in different places.
    /// </summary>
    string Placement => string.Join(',', Servers.Select(server => server.Name).Order(StringComparer.Ordinal));

    /// <summary>Closes the connections now and waits for nothing; nothing for a remote without connections of its own.</summary>
    void IDisposable.Dispose()
    {
    }

    /// <summary>The index of the server that owns a physical key.</summary>
    int IndexOf(ReadOnlySpan<byte> key);
}

/// <summary>A remote tier whose list of servers can be replaced while it is used.</summary>
internal interface IChangingRemote : IRemote
{
    /// <summary>Makes the remote that has other servers. Servers that are in both lists are the same objects in both.</summary>
    /// <remarks>
    /// The next one owns everything from now on, so that this one must not be disposed. Operations on servers that this one has alone may
    /// still be sent for a moment.
    /// </remarks>
    /// <returns>The next remote, and a task that completes when the connections to servers that are gone are closed.</returns>
    /// <exception cref="ArgumentException">The list has mistakes; nothing was changed.</exception>
    (IChangingRemote Next, Task Retired) Change(IEnumerable<string> servers);
}

/// <summary>Marks a cache abstraction that is implemented by a NearCache, and therefore cannot be the remote tier of one.</summary>
internal interface INearCacheAdapter;
