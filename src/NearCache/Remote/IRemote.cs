namespace NearCache.Remote;

/// <summary>The tier that all processes share: servers that each own a part of the keys.</summary>
internal interface IRemote : IAsyncDisposable
{
    /// <summary>All servers. Their places in the list are their indices for the life of this object.</summary>
    IReadOnlyList<IRemoteServer> Servers { get; }

    /// <summary>Whether everything is kept in this process only, so that nobody else could write.</summary>
    bool IsEmbedded { get; }

    /// <summary>The index of the server that owns a physical key.</summary>
    int IndexOf(ReadOnlySpan<byte> key);
}
