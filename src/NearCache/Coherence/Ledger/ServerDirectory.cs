namespace NearCache.Coherence.Ledger;

/// <summary>The present servers and their placement, for what comes through ZooKeeper.</summary>
/// <remarks>Thread-safe. Empty until the owner of the servers is constructed, which replaces the content with each change.</remarks>
internal sealed class ServerDirectory
{
    private volatile Content _now = new("", []);

    /// <summary>Gets the present servers.</summary>
    public IReadOnlyCollection<CoherentServer> All => _now.ByHash.Values;

    /// <summary>Gets the placement of the present servers, without the prefix.</summary>
    public string Placement => _now.Placement;

    /// <summary>Returns the present server with an identity hash, or null if there is none.</summary>
    public CoherentServer? Find(ulong hash) => _now.ByHash.GetValueOrDefault(hash);

    /// <summary>Replaces the servers and their placement.</summary>
    public void Replace(string placement, IEnumerable<CoherentServer> servers) =>
        _now = new Content(placement, servers.ToDictionary(server => server.Gate.IdentityHash));

    // The dictionary is never changed.
    private sealed record Content(string Placement, Dictionary<ulong, CoherentServer> ByHash);
}
