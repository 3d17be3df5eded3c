using System.Buffers;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>
/// Extension methods that write items by text keys. A time to live of zero is unlimited, and so is one that ends after 19 January 2038.
/// Fractions of a second are rounded up.
/// </summary>
/// <remarks>
/// The methods throw <see cref="ArgumentException"/> if a key or a value is invalid, <see cref="MemcachedServerErrorException"/> if the
/// server replied with an error, another <see cref="MemcachedException"/> if no reply was received within the operation timeout, and
/// <see cref="OperationCanceledException"/> if the token was canceled. The memory of a value may be reused as soon as the call has
/// completed.
/// </remarks>
public static class MemcachedWriteExtensions
{
    /// <summary>Stores the value whatever was there. Returns true.</summary>
    public static ValueTask<bool> SetAsync(
        this MemcachedClient client,
        string key,
        ReadOnlyMemory<byte> value,
        TimeSpan timeToLive = default,
        uint clientFlags = 0,
        CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Set, timeToLive, clientFlags, cancellationToken);

    /// <summary>Stores the value whatever was there. Returns true.</summary>
    public static ValueTask<bool> SetAsync(
        this MemcachedClient client,
        string key,
        in ReadOnlySequence<byte> value,
        TimeSpan timeToLive = default,
        uint clientFlags = 0,
        CancellationToken cancellationToken = default) =>
        StoreAsync(
            client,
            key,
            value.IsSingleSegment ? value.First : value.ToArray(),
            MetaSetMode.Set,
            timeToLive,
            clientFlags,
            cancellationToken);

    /// <summary>Stores the value if the item does not exist. Returns false if it exists.</summary>
    public static ValueTask<bool> AddAsync(
        this MemcachedClient client,
        string key,
        ReadOnlyMemory<byte> value,
        TimeSpan timeToLive = default,
        uint clientFlags = 0,
        CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Add, timeToLive, clientFlags, cancellationToken);

    /// <summary>Stores the value if the item exists. Returns false if it does not.</summary>
    public static ValueTask<bool> ReplaceAsync(
        this MemcachedClient client,
        string key,
        ReadOnlyMemory<byte> value,
        TimeSpan timeToLive = default,
        uint clientFlags = 0,
        CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Replace, timeToLive, clientFlags, cancellationToken);

    /// <summary>
    /// Appends the bytes to the value of an existing item, whose time to live is kept. Returns false if the item does not exist.
    /// </summary>
    public static ValueTask<bool> AppendAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Append, default, 0, cancellationToken);

    /// <summary>
    /// Prepends the bytes to the value of an existing item, whose time to live is kept. Returns false if the item does not exist.
    /// </summary>
    public static ValueTask<bool> PrependAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Prepend, default, 0, cancellationToken);

    /// <summary>
    /// Stores the value if the item's CAS equals <paramref name="cas"/>. The status is <see cref="MetaStatus.Ok"/>,
    /// <see cref="MetaStatus.Exists"/> or <see cref="MetaStatus.NotFound"/>.
    /// </summary>
    /// <remarks>With the CAS of a lease, completes the lease. The response contains the item's new CAS.</remarks>
    public static ValueTask<MetaResponse> CompareAndSetAsync(
        this MemcachedClient client,
        string key,
        ReadOnlyMemory<byte> value,
        ulong cas,
        TimeSpan timeToLive = default,
        uint clientFlags = 0,
        CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Set,
            Value = value,
            CompareCas = cas,
            TimeToLive = MemcachedReadExtensions.Checked(client).Expiration(timeToLive),
            ClientFlags = clientFlags,
            Return = MetaFields.Cas,
        };
        return client.RunAsync(command, key, null, ResultSelectors.Response, cancellationToken);
    }

    /// <summary>Deletes an item. Returns false if it does not exist.</summary>
    public static ValueTask<bool> DeleteAsync(this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        MemcachedReadExtensions.Checked(client)
            .RunAsync(new MetaCommand { Kind = MetaCommandKind.Delete }, key, null, ResultSelectors.Succeeded, cancellationToken);

    /// <summary>
    /// Marks an item as stale and changes its CAS. The item is still served for <paramref name="timeToLive"/>, and its first reader becomes
    /// the winner. Returns false if the item does not exist.
    /// </summary>
    public static ValueTask<bool> MarkStaleAsync(
        this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Delete,
            Invalidate = true,
            TimeToLive = MemcachedReadExtensions.Checked(client).Expiration(timeToLive),
        };
        return client.RunAsync(command, key, null, ResultSelectors.Succeeded, cancellationToken);
    }

    /// <summary>Stores many values. All servers are written to concurrently.</summary>
    /// <exception cref="MemcachedException">A server did not reply, or replied with an error; other values may have been
    /// stored.</exception>
    public static async Task SetManyAsync(
        this MemcachedClient client,
        IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>>> items,
        TimeSpan timeToLive = default,
        CancellationToken cancellationToken = default)
    {
        var expiration = MemcachedReadExtensions.Checked(client).Expiration(timeToLive);
        var batches = KeyBatches.Split(
            client,
            MemcachedReadExtensions.Checked(items),
            static item => item.Key,
            (item, bytes) => MetaCommand.Set(bytes, item.Value, expiration));
        foreach (var (batch, responses) in await KeyBatches.RunAsync(batches, cancellationToken).ConfigureAwait(false))
        {
            foreach (ref readonly var response in responses.AsSpan())
            {
                if (response.Status != MetaStatus.Ok)
                {
                    throw new MemcachedServerErrorException(batch.Server.Name, "set", response.Error ?? response.Status.ToString());
                }
            }
        }
    }

    private static ValueTask<bool> StoreAsync(
        MemcachedClient client,
        string key,
        ReadOnlyMemory<byte> value,
        MetaSetMode mode,
        TimeSpan timeToLive,
        uint clientFlags,
        CancellationToken cancellationToken)
    {
        var expiration = MemcachedReadExtensions.Checked(client).Expiration(timeToLive);
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Set,
            Value = value,
            Mode = mode,
            TimeToLive = expiration == 0 ? null : expiration,
            ClientFlags = clientFlags,
        };
        return client.RunAsync(command, key, null, ResultSelectors.Succeeded, cancellationToken);
    }
}
