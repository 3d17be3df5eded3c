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
    /// <exception cref="ArgumentException">A key or a value may not be sent.</exception>
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

            // All before any is sent.
            server.Check(command);
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

    /// <summary>
    /// Sends them all and waits for all answers, for the operation timeout at most. When it has ended, no memory of the caller's is used
    /// any more.
    /// </summary>
    /// <exception cref="MemcachedException">A server did not answer.</exception>
    public static async Task<(Batch<T> Batch, MetaResponse[] Answers)[]> RunAsync<T>(
        List<Batch<T>> batches, CancellationToken cancellationToken)
    {
        var running = batches.Select(batch => batch.Server.RunAsync(batch.Commands.ToArray(), cancellationToken)).ToArray();
        var results = await Task.WhenAll(running).ConfigureAwait(false);
        return [.. batches.Zip(results, (batch, result) => (batch, result.Array))];
    }

    /// <summary>Sends them all and waits until each was answered or has failed, as <see cref="RunAsync"/>.</summary>
    public static Task<(
        Batch<T> Batch,
        MetaResponse[] Answers,
        MemcachedException? Failure)[]> TryRunAsync<T>(List<Batch<T>> batches, CancellationToken cancellationToken) =>
        Task.WhenAll(batches.Select(batch => TryRunAsync(batch, cancellationToken)));

    private static async Task<(
        Batch<T> Batch,
        MetaResponse[] Answers,
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
