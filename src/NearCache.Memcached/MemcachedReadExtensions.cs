using System.Buffers;
using System.Runtime.ExceptionServices;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Reading by text keys.</summary>
/// <remarks>
/// All throw <see cref="ArgumentException"/> for a key that may not be sent, <see cref="MemcachedException"/> without an answer, and
/// <see cref="OperationCanceledException"/> when the caller gave up.
/// </remarks>
public static class MemcachedReadExtensions
{
    /// <summary>The value, or null on a miss.</summary>
    public static ValueTask<byte[]?> GetAsync(this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        Checked(client)
            .RunAsync(
                new MetaCommand { Kind = MetaCommandKind.Get, Return = MetaFields.Value },
                key,
                null,
                ResultSelectors.Value,
                cancellationToken);

    /// <summary>
    /// Writes the value to <paramref name="destination"/> and allocates nothing; false on a miss. What the destination throws is thrown to
    /// the caller.
    /// </summary>
    /// <remarks>
    /// The destination is written once the whole value has arrived, where the awaiting code goes on, and never after the call has ended.
    /// Values above 4 KiB pass through memory of the shared array pool.
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

    /// <summary>What <paramref name="fields"/> asks for: value, client flags, CAS, remaining time to live, last access, size.</summary>
    /// <remarks>A stale item gives this caller the win (<see cref="MetaResponse.IsWinner"/>), whatever was asked for.</remarks>
    public static ValueTask<MetaResponse> GetAsync(
        this MemcachedClient client, string key, MetaFields fields, CancellationToken cancellationToken = default) =>
        Checked(client)
            .RunAsync(
                new MetaCommand { Kind = MetaCommandKind.Get, Return = fields }, key, null, ResultSelectors.Response, cancellationToken);

    /// <summary>The value, or null on a miss; a hit lives for <paramref name="timeToLive"/> from now, zero for ever.</summary>
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

    /// <summary>Lets the item live for <paramref name="timeToLive"/> from now, zero for ever; false if there is none.</summary>
    public static ValueTask<bool> TouchAsync(
        this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand { Kind = MetaCommandKind.Get, TimeToLive = Checked(client).Expiration(timeToLive) };
        return client.RunAsync(command, key, null, ResultSelectors.Succeeded, cancellationToken);
    }

    /// <summary>
    /// Gets the values of those keys that are there. Every server is asked at the same time, each by as few writes as the number of its
    /// keys allows.
    /// </summary>
    /// <returns>The values by key; a key that is absent is not in it.</returns>
    /// <exception cref="MemcachedException">
    /// At least one server did not answer; what others answered is dropped. <see cref="TryGetManyAsync"/> returns it.
    /// </exception>
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
    /// Gets the values of those keys that can be had, and for each other key that may be there, why not. A server that fails costs only its
    /// own keys.
    /// </summary>
    /// <remarks>
    /// Takes as long as the slowest server: at most <see cref="MemcachedOptions.OperationTimeout"/> and an eighth where one does not
    /// answer.
    /// </remarks>
    /// <exception cref="ArgumentException">A key may not be sent; nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public static async Task<MemcachedGetManyResult> TryGetManyAsync(
        this MemcachedClient client, IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new Dictionary<string, byte[]>(Checked(keys).Count, StringComparer.Ordinal);
        var failed = new Dictionary<string, MemcachedException>(StringComparer.Ordinal);
        var batches = KeyBatches.Split(Checked(client), keys, static key => key, static (key, bytes) => MetaCommand.Get(bytes));
        foreach (var (batch, answers, failure) in await KeyBatches.TryRunAsync(batches, cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < batch.Items.Count; i++)
            {
                var key = batch.Items[i];
                if (failure is not null)
                {
                    failed[key] = failure;
                }
                else if (answers[i].Status == MetaStatus.Error)
                {
                    failed[key] = new MemcachedServerErrorException(batch.Server.Name, "get", answers[i].Error!);
                }
                else if (answers[i].Status == MetaStatus.Ok)
                {
                    found[key] = ResponseFactory.ValueArrayOf(answers[i]);
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
