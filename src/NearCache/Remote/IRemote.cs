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
