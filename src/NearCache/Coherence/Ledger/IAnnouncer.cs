using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Announces changed keys to the other processes, as fast as the budget allows. Without announcements the others find the changes later, by
/// their audits.
/// </summary>
internal interface IAnnouncer
{
    /// <summary>Announces a key that this process has changed. Returns at once and waits for no carrier.</summary>
    /// <param name="server">The hash that names the server.</param>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="key">The name of the key.</param>
    /// <param name="version">The counted version; null if the remote has no counters.</param>
    void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version);
}

/// <summary>Announces nothing, where nothing is written. The audits of other processes find changes within about a second.</summary>
internal sealed class NoAnnouncer : IAnnouncer
{
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
    }
}
