using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Splits commands for many keys into batches, each sent to one server by one write.</summary>
internal static class KeyBatches
{
    // Limits the time for which other commands wait behind a batch.
    private const int MaxCommands = 500;
    private const long MaxBytes = 512 * 1024;

    /// <summary>The items of one server and their commands.</summary>
    internal sealed record Batch<T>(MemcachedServer Server, List<T> Items, List<MetaCommand> Commands);

    /// <summary>Groups items by the servers of their keys, in order.</summary>
    /// <exception cref="ArgumentException">A key or a value is invalid.</exception>
    public static List<Batch<T>> Split<T>(
        MemcachedClient client, IEnumerable<T> items, Func<T, string> keyOf, Func<T, ReadOnlyMemory<byte>, MetaCommand> commandOf)
    {
        var batches = new List<Batch<T>>();
        var open = new Dictionary<MemcachedServer, (Batch<T> Batch, long Bytes)>();
        foreach (var item in items)
        {
            var key = MemcachedKey.Encode(keyOf(item));
            var server = client.ServerFor(key);
            var command = commandOf(item, key);

            // Validates all commands before any is sent.
            server.Check(command);
            if (!open.TryGetValue(server, out var last) || last.Batch.Commands.Count >= MaxCommands || last.Bytes >= MaxBytes)
            {
                last = (new Batch<T>(server, [], []), 0);
                batches.Add(last.Batch);
            }

            last.Batch.Items.Add(item);
            last.Batch.Commands.Add(command);
            open[server] = (last.Batch, last.Bytes + command.Value.Length);
        }

        return batches;
    }

    /// <summary>
    /// Sends all batches and waits for all replies, at most for the operation timeout. Afterward no memory of the caller is used.
    /// </summary>
    /// <exception cref="MemcachedException">A server did not reply.</exception>
    public static async Task<(Batch<T> Batch, MetaResponse[] Responses)[]> RunAsync<T>(
        List<Batch<T>> batches, CancellationToken cancellationToken)
    {
        var running = batches.Select(batch => batch.Server.RunAsync(batch.Commands.ToArray(), cancellationToken)).ToArray();
        var results = await Task.WhenAll(running).ConfigureAwait(false);
        return [.. batches.Zip(results, (batch, result) => (batch, result.Array))];
    }

    /// <summary>Sends all batches and waits until each has been answered or has failed, as <see cref="RunAsync"/> does.</summary>
    public static Task<(
        Batch<T> Batch,
        MetaResponse[] Responses,
        MemcachedException? Failure)[]> TryRunAsync<T>(List<Batch<T>> batches, CancellationToken cancellationToken) =>
        Task.WhenAll(batches.Select(batch => TryRunAsync(batch, cancellationToken)));

    private static async Task<(
        Batch<T> Batch,
        MetaResponse[] Responses,
        MemcachedException? Failure)> TryRunAsync<T>(Batch<T> batch, CancellationToken cancellationToken)
    {
        try
        {
            return (batch, (await batch.Server.RunAsync(batch.Commands.ToArray(), cancellationToken).ConfigureAwait(false)).Array, null);
        }
        catch (MemcachedException e)
        {
            return (batch, [], e);
        }
    }
}
