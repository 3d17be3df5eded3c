using System.Collections.Concurrent;
using System.Diagnostics;
using NearCache.TestSupport;

namespace NearCache.Memcached.Tests.Faults;

/// <summary>Callers that go on through a fault, and what they saw: how long, which errors, how many connections at most.</summary>
internal sealed class FaultLoad : IAsyncDisposable
{
    private readonly MemcachedClient _client;
    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _errors = new();
    private readonly StallMeter _stalls = new();
    private readonly Task[] _tasks;
    private long _answered;
    private long _slowest;
    private long _slowestOfOurs;
    private int _most;

    /// <summary>Begins with so many callers; connections to <paramref name="port"/> are counted.</summary>
    public FaultLoad(MemcachedClient client, int port, int callers = 32)
    {
        (_client, _port) = (client, port);
        _tasks = [.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller))), Task.Run(CountAsync)];
    }

    public static MemcachedOptions Options(string address) => new() { Servers = { address } };

    /// <summary>For tests in which no call may fail: a machine that stands still for a second is no fault.</summary>
    public static MemcachedOptions PatientOptions(string address) =>
        new() { Servers = { address }, ConnectTimeout = TimeSpan.FromSeconds(20), OperationTimeout = TimeSpan.FromSeconds(20) };

    public long Answered => Interlocked.Read(ref _answered);

    public int Failed => _errors.Values.Sum();

    /// <summary>The most connections that were established at one time.</summary>
    public int MaxConnections => _most;

    /// <summary>The longest that a caller waited for an answer or an error.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    /// <summary>The same without what the machine stood still meanwhile.</summary>
    public TimeSpan SlowestOfOurs => TimeSpan.FromTicks(Interlocked.Read(ref _slowestOfOurs));

    /// <summary>Errors by type.</summary>
    public IReadOnlyDictionary<string, int> Errors => _errors;

    /// <summary>Waits until so many more calls were answered, and says how long that took.</summary>
    public async Task<TimeSpan> AnswersAgainAsync(int calls = 50)
    {
        var clock = Stopwatch.StartNew();
        var stood = _stalls.Total;
        var target = Answered + calls;
        await TestSupport.Eventually.BecomesTrueAsync(() => Answered >= target, "calls are answered again");
        var took = clock.Elapsed - (_stalls.Total - stood);
        return took > TimeSpan.Zero ? took : TimeSpan.Zero;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).WaitAsync(TimeSpan.FromSeconds(60));
        _stop.Dispose();
        _stalls.Dispose();
    }

    /// <summary>One row of the table of faults.</summary>
    public string Row(string fault, TimeSpan recovery) =>
        $"[FIGURE] {fault} | answered {Answered}, failed {Failed} "
            + $"({string.Join(", ", _errors.Select(error => $"{error.Key} {error.Value}"))}) | slowest caller "
            + $"{Slowest.TotalMilliseconds:0} ms | "
        + $"connections: most {_most}, after {TcpTable.EstablishedTo(_port)} | recovered in {recovery.TotalMilliseconds:0} ms";

    private async Task CallAsync(int caller)
    {
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            var (started, stood) = (Stopwatch.GetTimestamp(), _stalls.Total);
            try
            {
                await (
                    i % 2 == 0
                        ? (Task)_client.GetAsync($"fault:{caller}").AsTask()
                        : _client.SetAsync($"fault:{caller}", new byte[100]).AsTask());
                Interlocked.Increment(ref _answered);
            }
            catch (MemcachedException e)
            {
                _errors.AddOrUpdate(
                    e.GetType().Name.Replace("Memcached", "", StringComparison.Ordinal).Replace("Exception", "", StringComparison.Ordinal),
                    1,
                    (_, count) => count + 1);
            }
            catch (ObjectDisposedException)
            {
                _errors.AddOrUpdate("ObjectDisposed", 1, (_, count) => count + 1);
            }

            var took = Stopwatch.GetElapsedTime(started).Ticks;
            Raise(ref _slowest, took);
            Raise(ref _slowestOfOurs, took - (_stalls.Total - stood).Ticks);

            // As callers do that have something else to do: the machine is for the others too.
            await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System);
        }
    }

    private static void Raise(ref long most, long value)
    {
        for (var seen = Interlocked.Read(ref most); value > seen
            && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = Interlocked.Read(ref most))
        {
            // Another caller was slower meanwhile.
        }
    }

    private async Task CountAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _most = Math.Max(_most, TcpTable.EstablishedTo(_port));
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System);
        }
    }
}
