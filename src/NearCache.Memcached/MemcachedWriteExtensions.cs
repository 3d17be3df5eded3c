using System.Buffers;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>
/// Writing by text keys. A time to live of zero keeps for ever, and so does one that ends after 19 January 2038; fractions of a second
/// count as a whole one.
/// </summary>
/// <remarks>
/// All throw <see cref="ArgumentException"/> for a key or a value that may not be sent, <see cref="MemcachedServerErrorException"/> when
/// the server refused, another <see cref="MemcachedException"/> without an answer within the operation timeout, and
/// <see cref="OperationCanceledException"/> when the caller gave up. The memory of a value may be used again as soon as the call has ended,
/// however it ended.
/// </remarks>
public static class MemcachedWriteExtensions
{
    /// <summary>Stores the value whatever was there. Returns true.</summary>
    public static ValueTask<bool> SetAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, TimeSpan timeToLive = default, uint clientFlags = 0, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Set, timeToLive, clientFlags, cancellationToken);

    /// <summary>Stores the value whatever was there. Returns true.</summary>
    public static ValueTask<bool> SetAsync(
        this MemcachedClient client, string key, in ReadOnlySequence<byte> value, TimeSpan timeToLive = default, uint clientFlags = 0, CancellationToken cancellationToken = default) =>
        StoreAsync(
            client,
            key,
            value.IsSingleSegment ? value.First : value.ToArray(),
            MetaSetMode.Set,
            timeToLive,
            clientFlags,
            cancellationToken);

    /// <summary>Stores the value if there is none; false if there is one.</summary>
    public static ValueTask<bool> AddAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, TimeSpan timeToLive = default, uint clientFlags = 0, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Add, timeToLive, clientFlags, cancellationToken);

    /// <summary>Stores the value if there is one; false if there is none.</summary>
    public static ValueTask<bool> ReplaceAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, TimeSpan timeToLive = default, uint clientFlags = 0, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Replace, timeToLive, clientFlags, cancellationToken);

    /// <summary>Puts the bytes behind the value that is there, whose time to live stays; false if there is none.</summary>
    public static ValueTask<bool> AppendAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Append, default, 0, cancellationToken);

    /// <summary>Puts the bytes before the value that is there, whose time to live stays; false if there is none.</summary>
    public static ValueTask<bool> PrependAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        StoreAsync(client, key, value, MetaSetMode.Prepend, default, 0, cancellationToken);

    /// <summary>
    /// Stores the value if the item's CAS is still <paramref name="cas"/>: <see cref="MetaStatus.Ok"/>, <see cref="MetaStatus.Exists"/> or
    /// <see cref="MetaStatus.NotFound"/>.
    /// </summary>
    /// <remarks>With the CAS of a win it fills a lease. The response has the item's new CAS.</remarks>
    public static ValueTask<MetaResponse> CompareAndSetAsync(
        this MemcachedClient client, string key, ReadOnlyMemory<byte> value, ulong cas, TimeSpan timeToLive = default, uint clientFlags = 0, CancellationToken cancellationToken = default)
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

    /// <summary>Deletes the item; false if there was none.</summary>
    public static ValueTask<bool> DeleteAsync(this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        MemcachedReadExtensions.Checked(client)
            .RunAsync(new MetaCommand { Kind = MetaCommandKind.Delete }, key, null, ResultSelectors.Succeeded, cancellationToken);

    /// <summary>
    /// Marks the item stale and gives it a new CAS: it is still served, for <paramref name="timeToLive"/> more, and the first reader gets
    /// the win. False if there is none.
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

    /// <summary>Stores many values. Every server is written to at the same time.</summary>
    /// <exception cref="MemcachedException">A server did not answer or refused one of them; others may have been stored.</exception>
    public static async Task SetManyAsync(
        this MemcachedClient client, IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>>> items, TimeSpan timeToLive = default, CancellationToken cancellationToken = default)
    {
        var expiration = MemcachedReadExtensions.Checked(client).Expiration(timeToLive);
        var batches = KeyBatches.Split(
            client,
            MemcachedReadExtensions.Checked(items),
            static item => item.Key,
            (item, bytes) => MetaCommand.Set(bytes, item.Value, expiration));
        foreach (var (batch, answers) in await KeyBatches.RunAsync(batches, cancellationToken).ConfigureAwait(false))
        {
            foreach (ref readonly var answer in answers.AsSpan())
            {
                if (answer.Status != MetaStatus.Ok)
                {
                    throw new MemcachedServerErrorException(batch.Server.Name, "set", answer.Error ?? answer.Status.ToString());
                }
            }
        }
    }

    private static ValueTask<bool> StoreAsync(
        MemcachedClient client, string key, ReadOnlyMemory<byte> value, MetaSetMode mode, TimeSpan timeToLive, uint clientFlags, CancellationToken cancellationToken)
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
