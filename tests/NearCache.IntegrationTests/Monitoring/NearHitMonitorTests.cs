using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Monitoring;

/// <summary>The monitor on a real memcached: it reports what a defect serves, and costs little.</summary>
public sealed class NearHitMonitorTests(ITestOutputHelper output)
{
    private const int Keys = 8;
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task With_the_gate_held_open_violations_are_reported_within_a_minute_and_two_processes_stop()
    {
        Require.Program("memcached");
        await using var memcached = await MemcachedProcess.StartNewAsync();
        using var log = new LogRecorder();
        using var plain = new LogRecorder();
        using var calm = new LogRecorder();
        await using var one = new Member(memcached, log, holdGateOpen: true);
        await using var two = new Member(memcached, plain, holdGateOpen: true, keys: KeyVisibility.Plain);
        await using var sound = new Member(memcached, calm, holdGateOpen: false);
        await using var writer = new NearCacheClient(OptionsFor(memcached, holdGateOpen: false));
        Member[] readers = [one, two, sound];
        await Task.WhenAll(readers.Select(reader => reader.AllIsNearAsync()));
        var watch = Stopwatch.StartNew();
        foreach (var reader in readers)
        {
            reader.Remote.FailsAudits = true;
        }

        // Some entries are sampled by now, and others before the writes.
        await Eventually.BecomesTrueAsync(() => readers.All(reader => reader.Reads > 20_000), "near hits are sampled");
        for (var key = 0; key < Keys; key++)
        {
            await writer.SetAsync($"product:{key}", 2);
        }

        await Eventually.BecomesTrueAsync(() => one.Violations > 0 && two.Violations > 0, "the monitors report violations");
        var reported = watch.Elapsed;

        // A stop travels with audits.
        foreach (var reader in readers)
        {
            reader.Remote.FailsAudits = false;
        }

        await Eventually.BecomesTrueAsync(
            () => writer.Snapshot().Stops.Any(stop => stop.Who.StartsWith("monitor of ", StringComparison.Ordinal)), "a stop is put");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] gate held open: violations reported by two processes after {reported.TotalSeconds:0.0} s, near caching stopped "
                + $"after {watch.Elapsed.TotalSeconds:0.0} s"));
        output.WriteLine(log.Of(1830)[0]);

        // The same failure without the seam closes the gate.
        Assert.Equal((0, 0), (sound.Violations, calm.Of(1830).Length));
        Assert.Null(sound.Cache.Snapshot().Monitor!.ViolatedBefore);
        Assert.All(
            (Member[])[one, two],
            reader => Assert.InRange(reader.Cache.Snapshot().Monitor!.ViolatedBefore!.Value, TimeSpan.Zero, watch.Elapsed));
        Assert.All(log.Of(1830), text => Assert.DoesNotContain("product:", text, StringComparison.Ordinal));
        Assert.All(log.Of(1830), text => Assert.Contains("the key #", text, StringComparison.Ordinal));
        Assert.All(plain.Of(1830), text => Assert.Contains("the key product:", text, StringComparison.Ordinal));
        Assert.NotEmpty(plain.Of(1830));
        Assert.NotEmpty(log.Of(1831).Concat(plain.Of(1831)));
        await Task.WhenAll(readers.Select(reader => reader.StopAsync()));
    }

    [Fact]
    public async Task The_monitor_costs_two_reads_a_check()
    {
        Require.Program("memcached");
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var monitored = new Member(memcached, new LogRecorder(), holdGateOpen: false, checksPerSecond: 1);
        await monitored.AllIsNearAsync();
        await Eventually.BecomesTrueAsync(() => monitored.Cache.Snapshot().Monitor!.Agreed > 0, "hits are checked");
        var (before, cpu, watch) = (await GetsAsync(memcached), Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        var checkedBefore = monitored.Cache.Snapshot().Monitor!.Checked;
        await Eventually.BecomesTrueAsync(() => monitored.Cache.Snapshot().Monitor!.Checked >= checkedBefore + 3, "hits are checked");
        await monitored.StopAsync();
        var (gets, checks) = (await GetsAsync(memcached) - before, monitored.Cache.Snapshot().Monitor!.Checked - checkedBefore);
        var seconds = watch.Elapsed.TotalSeconds;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] monitor at one check a second: {checks} checks and {gets} gets in {seconds:0.0} s, audits included; CPU "
                + $"{(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / seconds:0.0} ms/s with the reader"));

        // Two reads a check, and three commands an audit, once a second each; the rest is the prefix and the churn breaker.
        Assert.InRange(gets, 2 * checks, (2 * (checks + 2)) + (6 * (seconds + 2)));
        Assert.Equal(0, monitored.Violations);
    }

    private static async Task<long> GetsAsync(MemcachedProcess memcached)
    {
        await using var client = new Memcached.MemcachedClient(new Memcached.MemcachedOptions { Servers = { memcached.Address } });
        return long.Parse((await client.Servers[0].GetStatisticsAsync())["cmd_get"], CultureInfo.InvariantCulture);
    }

    private static NearCacheOptions OptionsFor(MemcachedProcess memcached, bool holdGateOpen, double checksPerSecond = 20) => new()
    {
        Namespace = "monitored",
        MaxStaleness = MaxStaleness,
        RuleLease = TimeSpan.FromSeconds(1.5),
        ChurnBreaker = false,
        Memcached = { Servers = { memcached.Address } },
        Monitor = { ChecksPerSecond = checksPerSecond, StopOnViolations = true },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        Seams = { HoldGateOpen = holdGateOpen },
    };

    // A process of the fleet that reads all keys without a pause.
    private sealed class Member : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _reading;
        private long _reads;

        public Member(
            MemcachedProcess memcached,
            LogRecorder log,
            bool holdGateOpen,
            double checksPerSecond = 20,
            KeyVisibility keys = KeyVisibility.Hashed)
        {
            var options = OptionsFor(memcached, holdGateOpen, checksPerSecond);
            options.Reports.Keys = keys;
            Remote = new RemoteWithoutAudits(options);
            Cache = new NearCacheClient(options, Remote, log);
            _reading = Task.Run(ReadAsync);
        }

        public RemoteWithoutAudits Remote { get; }

        public NearCacheClient Cache { get; }

        public long Violations => Cache.Snapshot().Monitor!.Violations;

        public long Reads => Interlocked.Read(ref _reads);

        public Task AllIsNearAsync() => Eventually.BecomesTrueAsync(() => Cache.Snapshot().NearEntries == Keys, "all keys are near");

        public async Task StopAsync()
        {
            await _stopping.CancelAsync();
            await _reading;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            await Cache.DisposeAsync();
            _stopping.Dispose();
        }

        private async Task ReadAsync()
        {
            while (!_stopping.IsCancellationRequested)
            {
                for (var i = 0; i < 400; i++)
                {
                    await Cache.GetOrCreateAsync($"product:{i % Keys}", _ => ValueTask.FromResult(1));
                    Interlocked.Increment(ref _reads);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }
}
