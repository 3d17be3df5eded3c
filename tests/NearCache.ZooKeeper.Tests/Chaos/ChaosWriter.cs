using System.Collections.Concurrent;
using System.Globalization;

namespace NearCache.ZooKeeper.Tests.Chaos;

/// <summary>Writes continuously and records the outcome that each write reported.</summary>
internal sealed class ChaosWriter(ZooKeeperClient client, string root)
{
    private readonly ConcurrentQueue<string> _acknowledged = new();
    private readonly ConcurrentQueue<string> _refused = new();
    private readonly ConcurrentQueue<string> _unexpected = new();
    private int _number;
    private int _unknown;
    private (int Acknowledged, int Latest) _last;

    public int Acknowledged => _acknowledged.Count;

    public int Unknown => _unknown;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await CreateAsync();
            await SetAsync();
        }
    }

    /// <summary>Returns the differences between the reported outcomes and the data on the servers.</summary>
    public async Task<List<string>> FindViolationsAsync(ZooKeeperClient witness)
    {
        await witness.SyncAsync(root);
        var there = (await witness.GetChildrenAsync(root)).Names.ToHashSet(StringComparer.Ordinal);
        var value = int.Parse(
            System.Text.Encoding.UTF8.GetString((await witness.GetDataAsync(root)).Data.Span), CultureInfo.InvariantCulture);
        List<string> violations = [.. _unexpected];
        violations.AddRange(
            _acknowledged.Where(name => !there.Contains(name)).Select(name => $"{root}/{name} was acknowledged and is missing"));
        violations.AddRange(_refused.Where(there.Contains).Select(name => $"{root}/{name} was said not to have happened and is there"));
        if (value < _last.Acknowledged)
        {
            violations.Add($"{root} is {value}, but {_last.Acknowledged} was acknowledged");
        }

        return violations;
    }

    /// <summary>Deletes the nodes and the records.</summary>
    public async Task ForgetAsync(ZooKeeperClient witness)
    {
        var names = (await witness.GetChildrenAsync(root)).Names;

        // Small batches finish long before a request times out, even on a slow machine.
        foreach (var some in names.Chunk(200))
        {
            await Task.WhenAll(some.Select(name => DeleteAsync(witness, $"{root}/{name}")));
        }

        _acknowledged.Clear();
        _refused.Clear();
        _unknown = 0;
    }

    private static async Task DeleteAsync(ZooKeeperClient witness, string path)
    {
        try
        {
            await witness.DeleteAsync(path);
        }
        catch (NoNodeException)
        {
            // Deleted by an earlier attempt whose reply was lost, or listed by a server that lags.
        }
    }

    private async Task CreateAsync()
    {
        var name = (++_number).ToString(CultureInfo.InvariantCulture);
        await AttemptAsync(
            async () => await client.CreateAsync($"{root}/{name}", null), () => _acknowledged.Enqueue(name), () => _refused.Enqueue(name));
    }

    private async Task SetAsync()
    {
        var value = ++_last.Latest;
        var bytes = System.Text.Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture));
        await AttemptAsync(async () => await client.SetDataAsync(root, bytes), () => _last.Acknowledged = value, () => { });
    }

    private async Task AttemptAsync(Func<Task> attempt, Action acknowledged, Action refused)
    {
        try
        {
            await attempt();
            acknowledged();
        }
        catch (ZooKeeperException e) when (e.IsOutcomeUnknown)
        {
            Interlocked.Increment(ref _unknown);
        }
        catch (ZooKeeperException e) when (e.IsTransient)
        {
            refused();
        }
        catch (ZooKeeperException e)
        {
            // Only this writer uses the name, once, so no other error is possible.
            _unexpected.Enqueue($"{root}: {e.GetType().Name}: {e.Message}");
        }
    }
}
