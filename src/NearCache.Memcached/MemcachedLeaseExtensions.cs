using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Extension methods for leases: of all clients that miss a key, one is chosen to fetch the value.</summary>
/// <remarks>
/// A miss creates an empty item for the duration of the lease; clients without leases see it as an empty hit. CAS ids restart at 1 when a
/// server restarts: a lease is void once the connection to its server has been replaced.
/// </remarks>
public static class MemcachedLeaseExtensions
{
    /// <summary>
    /// Returns the value, client flags, CAS and remaining time to live of an item. On a miss, the first caller wins the lease.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="lease">The duration of the lease.</param>
    /// <param name="winBefore">If set, one caller also wins when the item has less than this time to live left. Null by default.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>If <see cref="MetaResponse.IsWinner"/> is true, the caller fetches the value and stores it by
    /// <see cref="MemcachedWriteExtensions.CompareAndSetAsync"/> with the response's CAS. If <see cref="MetaResponse.IsWonByAnother"/> is
    /// true, another caller does. If <see cref="MetaResponse.IsStale"/> is true, the value is stale.</returns>
    /// <exception cref="MemcachedException">No reply was received, or the server replied with an error.</exception>
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
