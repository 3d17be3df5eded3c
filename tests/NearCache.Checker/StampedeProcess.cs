using System.Diagnostics;
using System.Globalization;

namespace NearCache.Checker;

/// <summary>One process of a stampede: its callers request a missing key at the same instant as those of the other processes.</summary>
internal sealed class StampedeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Factory = TimeSpan.FromMilliseconds(20);
    private readonly NearCacheClient _cache;
    private readonly int _callers;
    private int _runs;

    private StampedeProcess(string[] args)
    {
        _callers = int.Parse(args[1], CultureInfo.InvariantCulture);

        // A long timeout, so that a machine that stalls for a second does not cause a second run of the factory.
        var options = new NearCacheOptions
        {
            Namespace = "stampede",
            FillLease = TimeSpan.FromMinutes(1),
            RuleLease = TimeSpan.FromMinutes(1),
            Memcached = { OperationTimeout = TimeSpan.FromSeconds(30) },
            ZooKeeper = { ConnectionString = args[3] },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        foreach (var server in args[2].Split(','))
        {
            options.Memcached.Servers.Add(server);
        }

        _cache = new NearCacheClient(options);
    }

    public static async Task<int> RunAsync(string[] args)
    {
        await using var process = new StampedeProcess(args);
        await process.WorkAsync();
        return 0;
    }

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    private async Task WorkAsync()
    {
        // Pays the cost of the first call before the measurement.
        await ConnectAsync();
        await AskAllAsync($"warm-up:{Environment.ProcessId}", Stopwatch.GetTimestamp());
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line && line != "stop")
        {
            var words = line.Split(' ');
            _runs = 0;
            var answers = await AskAllAsync(words[1], long.Parse(words[2], CultureInfo.InvariantCulture));
            var values = string.Join(',', answers.Select(answer => answer.Value).Distinct());
            var waits = string.Join(
                ',', answers.Select(answer => ((long)answer.Wait.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"asked {words[1]} {_runs} {values} {waits}"));
        }
    }

    private async Task ConnectAsync()
    {
        // A value that is created during the first audit of a server is not stored there.
        while (!_cache.Snapshot().Servers.All(server => server.IsServedNear))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    // All processes share the machine's monotonic clock.
    private async Task<Answer[]> AskAllAsync(string key, long at)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, _callers).Select(_ => AskAsync(key, begun.Task)).ToArray();
        if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), at) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, TimeProvider.System);
        }

        begun.SetResult();
        return await Task.WhenAll(callers);
    }

    private async Task<Answer> AskAsync(string key, Task begun)
    {
        await begun;
        var asked = Stopwatch.GetTimestamp();
        var value = await _cache.GetOrCreateAsync(key, this, static async (process, token) =>
        {
            Interlocked.Increment(ref process._runs);
            await Task.Delay(Factory, TimeProvider.System, token);
            return Guid.NewGuid().ToString("N");
        });
        return new Answer(value, Stopwatch.GetElapsedTime(asked));
    }

    private sealed record Answer(string Value, TimeSpan Wait);
}
