using System.Buffers;
using System.Runtime.ExceptionServices;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Extension methods that read items by text keys.</summary>
/// <remarks>
/// The methods throw <see cref="ArgumentException"/> if a key is invalid, <see cref="MemcachedException"/> if no reply was received, and
/// <see cref="OperationCanceledException"/> if the token was canceled.
/// </remarks>
public static class MemcachedReadExtensions
{
    /// <summary>Returns the value, or null on a miss.</summary>
    public static ValueTask<byte[]?> GetAsync(this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        Checked(client)
            .RunAsync(
                new MetaCommand { Kind = MetaCommandKind.Get, Return = MetaFields.Value },
                key,
                null,
                ResultSelectors.Value,
                cancellationToken);

    /// <summary>
    /// Writes the value to <paramref name="destination"/> without allocating, and returns true; returns false on a miss. An exception of
    /// the destination is thrown to the caller.
    /// </summary>
    /// <remarks>
    /// The destination is written after the whole value has arrived, on the thread on which the awaiting code continues, and never after
    /// the call has completed. Values above 4 KiB are copied through the shared array pool.
    /// </remarks>
    public static ValueTask<bool> GetAsync(
        this MemcachedClient client, string key, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return Checked(client).RunAsync(
            new MetaCommand
            {
                Kind = MetaCommandKind.Get,
                Return = MetaFields.Value,
            }, key, destination, ResultSelectors.Succeeded, cancellationToken);
    }

    /// <summary>Returns the requested fields: value, client flags, CAS, remaining time to live, last access, size.</summary>
    /// <remarks>
    /// Reading a stale item makes this caller the winner (<see cref="MetaResponse.IsWinner"/>), whatever fields are requested.
    /// </remarks>
    public static ValueTask<MetaResponse> GetAsync(
        this MemcachedClient client, string key, MetaFields fields, CancellationToken cancellationToken = default) =>
        Checked(client)
            .RunAsync(
                new MetaCommand { Kind = MetaCommandKind.Get, Return = fields }, key, null, ResultSelectors.Response, cancellationToken);

    /// <summary>
    /// Returns the value, or null on a miss, and sets the time to live of a hit to <paramref name="timeToLive"/>; zero is unlimited.
    /// </summary>
    public static ValueTask<byte[]?> GetAndTouchAsync(
        this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Get,
            Return = MetaFields.Value,
            TimeToLive = Checked(client).Expiration(timeToLive),
        };
        return client.RunAsync(command, key, null, ResultSelectors.Value, cancellationToken);
    }

    /// <summary>Sets the time to live of an item; zero is unlimited. Returns false if the item does not exist.</summary>
    public static ValueTask<bool> TouchAsync(
        this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand { Kind = MetaCommandKind.Get, TimeToLive = Checked(client).Expiration(timeToLive) };
        return client.RunAsync(command, key, null, ResultSelectors.Succeeded, cancellationToken);
    }

    /// <summary>
    /// Returns the values of the keys that exist. All servers are queried concurrently, each by as few writes as the number of its keys
    /// allows.
    /// </summary>
    /// <returns>The values by key. A key that does not exist is not included.</returns>
    /// <exception cref="MemcachedException">At least one server did not reply; the replies of the others are dropped.
    /// <see cref="TryGetManyAsync"/> returns them.</exception>
    public static async Task<IReadOnlyDictionary<string, byte[]>> GetManyAsync(
        this MemcachedClient client, IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        var result = await client.TryGetManyAsync(keys, cancellationToken).ConfigureAwait(false);
        foreach (var failure in result.Failed.Values)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return result.Found;
    }

    /// <summary>
    /// Returns the values of the keys that could be read, and the exceptions of the others. A server that fails affects only its own keys.
    /// </summary>
    /// <remarks>
    /// Takes as long as the slowest server: if one does not reply, <see cref="MemcachedOptions.OperationTimeout"/> and an eighth of it.
    /// </remarks>
    /// <exception cref="ArgumentException">A key is invalid; nothing was sent.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public static async Task<MemcachedGetManyResult> TryGetManyAsync(
        this MemcachedClient client, IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new Dictionary<string, byte[]>(Checked(keys).Count, StringComparer.Ordinal);
        var failed = new Dictionary<string, MemcachedException>(StringComparer.Ordinal);
        var batches = KeyBatches.Split(Checked(client), keys, static key => key, static (key, bytes) => MetaCommand.Get(bytes));
        foreach (var (batch, responses, failure) in await KeyBatches.TryRunAsync(batches, cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < batch.Items.Count; i++)
            {
                var key = batch.Items[i];
                if (failure is not null)
                {
                    failed[key] = failure;
                }
                else if (responses[i].Status == MetaStatus.Error)
                {
                    failed[key] = new MemcachedServerErrorException(batch.Server.Name, "get", responses[i].Error!);
                }
                else if (responses[i].Status == MetaStatus.Ok)
                {
                    found[key] = ResponseFactory.ValueArrayOf(responses[i]);
                }
            }
        }

        return new MemcachedGetManyResult(found, failed);
    }

    internal static T Checked<T>(T argument)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument;
    }
}
