using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Leases: of all clients that miss a key, one is told to fetch the value.</summary>
/// <remarks>
/// A miss leaves an empty item for the time of the lease, which clients that know nothing of leases see as an empty hit. CAS ids start
/// again at 1 when a server restarts: a lease is void once the connection to its server was replaced.
/// </remarks>
public static class MemcachedLeaseExtensions
{
    /// <summary>
    /// Reads value, client flags, CAS and remaining time; on a miss, the first caller gets the win for <paramref name="lease"/>.
    /// </summary>
    /// <returns>
    /// <see cref="MetaResponse.IsWinner"/>: fetch the value and fill it by <see cref="MemcachedWriteExtensions.CompareAndSetAsync"/> with
    /// the response's CAS. <see cref="MetaResponse.IsWonByAnother"/>: somebody else does. With <see cref="MetaResponse.IsStale"/> there is
    /// an old value meanwhile.
    /// </returns>
    /// <exception cref="MemcachedException">There is no answer, or an error of the server's.</exception>
    public static ValueTask<MetaResponse> GetOrLeaseAsync(
        this MemcachedClient client, string key, TimeSpan lease, TimeSpan? winBefore = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Get,
            Return = MetaFields.Value | MetaFields.ClientFlags | MetaFields.Cas | MetaFields.TimeToLive,
            Vivify = MemcachedReadExtensions.Checked(client).Expiration(lease),
            Recache = winBefore is { } before ? client.Delay(before) : null,
        };
        return client.RunAsync(command, key, null, ResultSelectors.Response, cancellationToken);
    }
}
