using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Many items, as groups that each go to one server by one write.</summary>
internal static class KeyBatches
{
    // Neither so many commands nor so many bytes that others wait long behind them.
    private const int MostCommands = 500;
    private const long MostBytes = 512 * 1024;

    /// <summary>Items of one server with their commands.</summary>
    internal sealed record Batch<T>(MemcachedServer Server, List<T> Items, List<MetaCommand> Commands);

    /// <summary>Groups items by the servers of their keys, in the order in which they come.</summary>
    public static List<Batch<T>> Of<T>(MemcachedClient client, IEnumerable<T> items, Func<T, string> keyOf, Func<T, ReadOnlyMemory<byte>, MetaCommand> commandOf)
    {
        var batches = new List<Batch<T>>();
        var open = new Dictionary<MemcachedServer, (Batch<T> Batch, long Bytes)>();
        foreach (var item in items)
        {
            var key = MemcachedKey.Encode(keyOf(item));
            var server = client.ServerFor(key);
            var command = commandOf(item, key);
            if (!open.TryGetValue(server, out var last) || last.Batch.Commands.Count >= MostCommands || last.Bytes >= MostBytes)
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

    /// <summary>Sends them all and waits for all answers.</summary>
    /// <exception cref="MemcachedException">A server did not answer.</exception>
    public static async Task<(Batch<T> Batch, MetaResponse[] Answers)[]> RunAsync<T>(List<Batch<T>> batches, CancellationToken cancellationToken)
    {
        var running = batches.Select(batch => batch.Server.ExecuteAsync(batch.Commands.ToArray())).ToArray();
        var results = await Task.WhenAll(running).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. batches.Zip(results, (batch, result) => (batch, result.Array))];
    }

    /// <summary>Sends them all and waits until each was answered or has failed.</summary>
    public static Task<(Batch<T> Batch, MetaResponse[] Answers, MemcachedException? Failure)[]> TryRunAsync<T>(List<Batch<T>> batches, CancellationToken cancellationToken) =>
        Task.WhenAll(batches.Select(TryRunAsync)).WaitAsync(cancellationToken);

    private static async Task<(Batch<T> Batch, MetaResponse[] Answers, MemcachedException? Failure)> TryRunAsync<T>(Batch<T> batch)
    {
        try
        {
            return (batch, (await batch.Server.ExecuteAsync(batch.Commands.ToArray()).ConfigureAwait(false)).Array, null);
        }
        catch (MemcachedException e)
        {
            return (batch, [], e);
        }
    }
}
