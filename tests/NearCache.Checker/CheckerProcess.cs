using System.Diagnostics;
using System.Globalization;
using NearCache.RabbitMq;

namespace NearCache.Checker;

/// <summary>One process of the fleet.</summary>
internal sealed class CheckerProcess : IAsyncDisposable
{
    private readonly OperationLog _log;
    private readonly string _monitorFile;
    private readonly NearCacheClient _cache;
    private readonly AdjustableClock _clock = new();
    private readonly string[] _keys;
    private readonly int[] _own;
    private readonly int _readsPerSecond;
    private readonly CancellationTokenSource _stop = new();

    private CheckerProcess(string[] args)
    {
        var (member, members, keys) = (Number(args[1]), Number(args[2]), Number(args[3]));
        _log = new OperationLog(args[0]);

        // Another file for each run, which is complete to within 100 ms if the process is killed.
        _monitorFile = string.Create(CultureInfo.InvariantCulture, $"{args[0]}.{Environment.ProcessId}.monitor");
        _keys = [.. Enumerable.Range(0, keys).Select(key => string.Create(CultureInfo.InvariantCulture, $"product:{key}"))];
        _own = [.. Enumerable.Range(0, keys).Where(key => key % members == member)];
        _readsPerSecond = Number(args[4]);
        var options = new NearCacheOptions
        {
            Namespace = "checker",
            RuleLease = TimeSpan.FromSeconds(2),
            ZooKeeper = { ConnectionString = args[6], SessionTimeout = TimeSpan.FromSeconds(4) },
            ChurnBreaker = false,
            Monitor = { ChecksPerSecond = 5 },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        foreach (var server in args[5].Split(','))
        {
            options.Memcached.Servers.Add(server);
        }

        if (args.Length > 7)
        {
            options.UseRabbitMq(new RabbitMqOptions { Hosts = { args[7] }, ConnectTimeout = TimeSpan.FromSeconds(2) });
        }

        _cache = new NearCacheClient(options, timeProvider: _clock);
    }

    public static async Task<int> RunAsync(string[] args)
    {
        await using var process = new CheckerProcess(args);
        await process.WorkAsync();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _cache.DisposeAsync();
        _log.Dispose();
        _stop.Dispose();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private async Task WorkAsync()
    {
        var work = Task.WhenAll(ReadAsync(), WriteAsync(), FlushAsync());
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line && line != "stop")
        {
            if (line.StartsWith("jump ", StringComparison.Ordinal))
            {
                _clock.Jump(TimeSpan.FromSeconds(double.Parse(line[5..], CultureInfo.InvariantCulture)));
                Console.WriteLine("jumped");
            }
        }

        await _stop.CancelAsync();
        await work;
        WriteMonitor();
    }

    // The monitor's counts: checked, agreed, voided, unclassified, violations.
    private void WriteMonitor()
    {
        if (_cache.Snapshot().Monitor is { } monitor)
        {
            long[] counts = [monitor.Checked, monitor.Agreed, monitor.VoidedByDelay.Sum(), monitor.Unclassified, monitor.Violations];
            File.WriteAllText(_monitorFile + "~", string.Join(' ', counts));
            File.Move(_monitorFile + "~", _monitorFile, overwrite: true);
        }
    }

    private async Task ReadAsync()
    {
        var random = new Random();
        var started = Stopwatch.GetTimestamp();
        var reads = 0L;
        while (!_stop.IsCancellationRequested)
        {
            for (var i = 0; i < _readsPerSecond / 100; i++)
            {
                var key = random.Next(_keys.Length);
                var called = Stopwatch.GetTimestamp();
                var result = await _cache.GetAsync<long>(_keys[key]);
                var kind = result.Source switch
                {
                    CacheSource.Near => OperationKind.NearHit,
                    CacheSource.Remote => OperationKind.RemoteHit,
                    _ => OperationKind.Miss,
                };
                _log.Add(kind, key, result.Value, called, Stopwatch.GetTimestamp());
                reads++;
            }

            var ahead = TimeSpan.FromSeconds((double)reads / _readsPerSecond) - Stopwatch.GetElapsedTime(started);
            if (ahead > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(ahead, TimeProvider.System);
            }
            else if (ahead < TimeSpan.FromSeconds(-1))
            {
                // The process was paused, or the machine is busy: missed reads are skipped.
                (started, reads) = (Stopwatch.GetTimestamp(), 0);
            }
        }
    }

    // // A key has one writer, which awaits each write, so its values are ordered. A value is larger than any that an earlier run of this
    // process wrote.
    private async Task WriteAsync()
    {
        var random = new Random();
        while (!_stop.IsCancellationRequested)
        {
            var key = _own[random.Next(_own.Length)];
            var called = Stopwatch.GetTimestamp();
            var value = called;
            _log.Add(OperationKind.WriteBegins, key, value, called, called);
            _log.Flush();
            var outcome = OperationKind.WriteDone;
            try
            {
                await _cache.SetAsync(_keys[key], value);
            }
            catch (NearCacheException e)
            {
                outcome = e.OutcomeUnknown ? OperationKind.WriteUnknown : OperationKind.WriteFailed;
            }

            _log.Add(outcome, key, value, called, Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 200)), TimeProvider.System);
        }
    }

    private async Task FlushAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _log.Flush();
            WriteMonitor();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
