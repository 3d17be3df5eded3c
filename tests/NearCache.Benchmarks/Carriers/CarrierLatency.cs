using System.Diagnostics;
using NearCache.Benchmarks.Coherence;
using NearCache.RabbitMq;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>The time from the return of a write until another cache no longer serves the old value, for each carrier in turn.</summary>
internal static class CarrierLatency
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(50);

    public static async Task MeasureAsync(
        Report report, MemcachedProcess memcached, ZooKeeperEnsemble ensemble, RabbitMqProcess broker, RedisProcess redis)
    {
        Contestant[] contestants =
        [
            new NearCacheContestant("rabbitmq", memcached.Address, "", broker.Address),
            new BareBrokerContestant("rabbitmq-bare", broker.Address),
            new NearCacheContestant("zookeeper", memcached.Address, ensemble.ConnectionString, null),
            new FusionCacheContestant("fusioncache-redis", redis.Address),
        ];
        await using var none = new NearCacheContestant("none", memcached.Address, "", null);
        foreach (var contestant in contestants.Append(none))
        {
            await contestant.WarmUpAsync();
        }

        await Caches.JoinAsync();
        await MeasureAsync(report, "idle", contestants, isBusy: false);
        await MeasureAsync(report, "busy", contestants, isBusy: true);
        await MeasureAsync(report, "idle", [none], isBusy: false, share: 10);
        foreach (var contestant in contestants)
        {
            await contestant.DisposeAsync();
        }
    }

    private static async Task MeasureAsync(Report report, string load, Contestant[] contestants, bool isBusy, int share = 1)
    {
        var changes = (report.IsQuick ? 40 : 300) / share;
        using var stop = new CancellationTokenSource();
        var loads = isBusy ? contestants.Select(contestant => LoadAsync(contestant, stop.Token)).ToArray() : [];
        for (var round = 0; round < (share > 1 ? 1 : report.Rounds); round++)
        {
            for (var change = 0; change < changes; change++)
            {
                foreach (var contestant in contestants)
                {
                    await Task.Delay(Apart, TimeProvider.System);
                    contestant.Took.Add(await contestant.OnceAsync($"{load} {round} {change}"));
                }
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(loads);
        var other = contestants[^1];
        foreach (var contestant in contestants)
        {
            var aims = (contestant.Name, load) == ("rabbitmq", "idle") ? ("<=1000", "<=10000") : (null, null);
            report.Figure(
                $"{contestant.Name}/{load}/p50", "us", Caches.Quantile(contestant.Took, 0.5), Caches.Quantile(other.Took, 0.5), aims.Item1);
            report.Figure(
                $"{contestant.Name}/{load}/p99", "us", Caches.Quantile(contestant.Took, 0.99), Caches.Quantile(other.Took, 0.99),
                aims.Item2);
        }

        foreach (var contestant in contestants)
        {
            contestant.Took.Clear();
        }
    }

    // 1,000 reads a second, ten at a time.
    private static async Task LoadAsync(Contestant contestant, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!cancellationToken.IsCancellationRequested)
        {
            for (var i = 0; i < 10; i++)
            {
                await contestant.ReadAsync();
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>A writer and a reader with connections of their own, as in two processes.</summary>
    internal abstract class Contestant(string name) : IAsyncDisposable
    {
        protected const string Key = "product:1";

        public string Name => name;

        public List<double> Took { get; } = [];

        public abstract Task WarmUpAsync();

        public abstract ValueTask DisposeAsync();

        /// <summary>Reads as the application does. Returns the value, and whether the process had it.</summary>
        public abstract ValueTask<(string? Value, bool IsLocal)> ReadAsync();

        protected abstract Task WriteAsync(string value);

        // The polling thread costs the same for all.
        public virtual async Task<double> OnceAsync(string value)
        {
            while (!(await ReadAsync()).IsLocal)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            await WriteAsync(value);
            var returned = Stopwatch.GetTimestamp();
            Task<(string? Value, bool IsLocal)> read;
            while ((read = ReadAsync().AsTask()).IsCompletedSuccessfully && (await read).Value != value)
            {
                Thread.Yield();
            }

            // A local hit completes at once. A call that does not complete goes to the server: the old value is gone.
            var took = Stopwatch.GetElapsedTime(returned).TotalMicroseconds;
            return (await read).Value == value ? took : throw new InvalidOperationException($"{Name} read the old value from the server.");
        }
    }

    private sealed class NearCacheContestant : Contestant
    {
        private readonly NearCacheClient _writer;
        private readonly NearCacheClient _reader;

        public NearCacheContestant(string name, string memcached, string zooKeeper, string? rabbitMq)
            : base(name)
        {
            (_writer, _reader) = (Make(), Make());

            // The carriers are measured, not their budgets.
            NearCacheClient Make() => Caches.Make(name, memcached, zooKeeper, options =>
            {
                options.Seams.TrustFirstCount = true;
                (options.Budgets.AnnouncementsPerProcess, options.Budgets.AnnouncementsPerNamespace) = (100, 1_000);
                if (rabbitMq is not null)
                {
                    options.UseRabbitMq(new RabbitMqOptions { Hosts = { rabbitMq } });
                }
            });
        }

        public override Task WarmUpAsync() => Caches.WarmUpAsync(Key, _writer, _reader);

        public override async ValueTask<(string? Value, bool IsLocal)> ReadAsync()
        {
            var read = _reader.GetAsync<string>(Key);
            var isLocal = read.IsCompletedSuccessfully;
            var result = await read;
            return (result.Value, isLocal && result.Source == CacheSource.Near);
        }

        public override async ValueTask DisposeAsync()
        {
            await _writer.DisposeAsync();
            await _reader.DisposeAsync();
        }

        protected override Task WriteAsync(string value) => _writer.SetAsync(Key, value);
    }
}
