using System.Buffers;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Reading by text keys.</summary>
/// <remarks>All throw <see cref="ArgumentException"/> for a key that may not be sent, <see cref="MemcachedException"/> without an answer, and <see cref="OperationCanceledException"/> when the caller gave up.</remarks>
public static class MemcachedReads
{
    /// <summary>The value, or null on a miss.</summary>
    public static ValueTask<byte[]?> GetAsync(this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        Checked(client).RunAsync(new MetaCommand { Kind = MetaCommandKind.Get, Return = MetaFields.Value }, key, null, Face.Value, cancellationToken);

    /// <summary>Writes the value to <paramref name="destination"/> and allocates nothing; false on a miss. After an exception a part may have been written.</summary>
    /// <remarks>The destination is written by another thread, and not any more once the call has ended, however it ended.</remarks>
    public static ValueTask<bool> GetAsync(this MemcachedClient client, string key, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return Checked(client).RunAsync(
            new MetaCommand { Kind = MetaCommandKind.Get, Return = MetaFields.Value }, key, destination, Face.IsDone, cancellationToken);
    }

    /// <summary>What <paramref name="fields"/> asks for: value, client flags, CAS, remaining time to live, last access, size.</summary>
    /// <remarks>A stale item gives this caller the win (<see cref="MetaResponse.IsWinner"/>), whatever was asked for.</remarks>
    public static ValueTask<MetaResponse> GetAsync(this MemcachedClient client, string key, MetaFields fields, CancellationToken cancellationToken = default) =>
        Checked(client).RunAsync(new MetaCommand { Kind = MetaCommandKind.Get, Return = fields }, key, null, Face.Response, cancellationToken);

    /// <summary>The value, or null on a miss; a hit lives for <paramref name="timeToLive"/> from now, zero for ever.</summary>
    public static ValueTask<byte[]?> GetAndTouchAsync(this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand { Kind = MetaCommandKind.Get, Return = MetaFields.Value, TimeToLive = Checked(client).Expiration(timeToLive) };
        return client.RunAsync(command, key, null, Face.Value, cancellationToken);
    }

    /// <summary>Lets the item live for <paramref name="timeToLive"/> from now, zero for ever; false if there is none.</summary>
    public static ValueTask<bool> TouchAsync(this MemcachedClient client, string key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var command = new MetaCommand { Kind = MetaCommandKind.Get, TimeToLive = Checked(client).Expiration(timeToLive) };
        return client.RunAsync(command, key, null, Face.IsDone, cancellationToken);
    }

    /// <summary>The values of those keys that are there. Every server is asked at the same time, each by as few writes as the number of its keys allows.</summary>
    /// <exception cref="MemcachedException">A server did not answer; what others answered is dropped.</exception>
    public static async Task<IReadOnlyDictionary<string, byte[]>> GetManyAsync(
        this MemcachedClient client, IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        var values = new Dictionary<string, byte[]>(Checked(keys).Count, StringComparer.Ordinal);
        var batches = KeyBatches.Of(Checked(client), keys, static key => key, static (key, bytes) => MetaCommand.Get(bytes));
        foreach (var (batch, answers) in await KeyBatches.RunAsync(batches, cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < answers.Length; i++)
            {
                ref readonly var answer = ref answers[i];
                if (answer.Status == MetaStatus.Error)
                {
                    throw new MemcachedServerErrorException(batch.Server.Name, "get", answer.Error!);
                }

                if (answer.Status == MetaStatus.Ok)
                {
                    values[batch.Items[i]] = ResponseMaker.ArrayOf(answer);
                }
            }
        }

        return values;
    }

    internal static T Checked<T>(T argument)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument;
    }
}
