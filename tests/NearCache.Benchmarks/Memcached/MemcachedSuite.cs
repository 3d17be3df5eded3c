using System.Buffers;
using System.Globalization;
using NearCache.Memcached;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Memcached;

/// <summary>
/// The client on one connection against a raw socket on one connection, to the distribution's memcached on the same machine.
/// </summary>
internal sealed class MemcachedSuite(Report report, MemcachedProcess server, MemcachedClient client)
{
    private const int Keys = 1000;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private readonly string[] _keys = [.. Enumerable.Range(0, Keys)
        .Select(i => string.Create(CultureInfo.InvariantCulture, $"benchmark:key:{i:0000}"))];

    public static async Task RunAsync(Report report)
    {
        await using var server = await MemcachedProcess.StartNewAsync("-m", "512");
        await using var client = new MemcachedClient(new NearCache.Memcached.MemcachedOptions { Servers = { server.Address } });
        await new MemcachedSuite(report, server, client).MeasureAsync();
    }

    private async Task MeasureAsync()
    {
        await WarmUpAsync();
        int[] callers = report.IsQuick ? [256] : [1, 16, 64, 256, 1000];
        foreach (var (name, size) in new[] { ("100B", 100), ("4KB", 4096) })
        {
            await FillAsync(size);
            foreach (var count in callers)
            {
                await GetAsync(name, size, count);
                if (!report.IsQuick || size == 100)
                {
                    await SetAsync(name, size, count);
                }
            }

            if (!report.IsQuick && size == 100)
            {
                await GetIntoAsync();
                await OpenLoopAsync();
            }
        }

        await FillAsync(100);
        await ListenerAsync();
        await MultiGetAsync();
    }

    private async Task WarmUpAsync()
    {
        await FillAsync(100);
        await LoadResult.ClosedAsync(256, Round * 2, caller => client.GetAsync(_keys[caller]));
        await LoadResult.ClosedAsync(256, Round, caller => client.SetAsync(_keys[caller], new byte[100]));
        await LoadResult.ClosedAsync(1, Round, caller => client.GetAsync(_keys[caller]));
        using var raw = RawSocketLoop.Get(server.Port, _keys[0], 100);
        raw.Rate(256, Round / 2);
    }

    private async Task FillAsync(int size)
    {
        foreach (var key in _keys)
        {
            await client.SetAsync(key, new byte[size]);
        }
    }

    private async Task GetAsync(string name, int size, int callers)
    {
        using var raw = RawSocketLoop.Get(server.Port, _keys[0], size);
        var loads = await CompareAsync($"get/{name}/{callers}", callers, raw, caller => client.GetAsync(_keys[caller]));
        if (callers == 256 && size == 100)
        {
            report.Figure("get/100B/256/p99", "µs", Report.Median(loads.Select(load => load.P99)), aim: "<1000");
            report.Figure("get/100B/bytes", "B/op", Report.Median(loads.Select(load => load.BytesPerOperation)), aim: "<=180");
        }
    }

    private async Task SetAsync(string name, int size, int callers)
    {
        using var raw = RawSocketLoop.Set(server.Port, _keys[0], size);
        var value = new byte[size];
        var loads = await CompareAsync($"set/{name}/{callers}", callers, raw, caller => client.SetAsync(_keys[caller], value));
        if (callers == 256 && size == 100)
        {
            report.Figure("set/100B/bytes", "B/op", Report.Median(loads.Select(load => load.BytesPerOperation)), aim: "<=64");
        }
    }

    private async Task<List<LoadResult>> CompareAsync<T>(string name, int callers, RawSocketLoop raw, Func<int, ValueTask<T>> call)
    {
        var loads = new List<LoadResult>();
        var rates = new List<double>();
        await LoadResult.ClosedAsync(callers, Round / 4, call);
        for (var round = 0; round < report.Rounds; round++)
        {
            loads.Add(await LoadResult.ClosedAsync(callers, Round, call));
            rates.Add(raw.Rate(callers, Round));
        }

        var aim = (callers, name.Contains("4KB", StringComparison.Ordinal)) switch
        {
            (256, false) => ">=0.85",
            (16, false) => ">=0.6",
            (256 or 16, true) => ">=0.6",
            _ => null,
        };
        report.Figure(
            name,
            "op/s",
            Report.Median(loads.Select(load => load.Rate)),
            Report.Median(rates),
            aim,
            Report.Median(loads.Select(load => load.BytesPerOperation)));
        if (callers == 1)
        {
            await LatencyAsync(name, raw, call);
        }

        return loads;
    }

    /// <summary>With a listener to every instrument, against none: two clients alternate.</summary>
    private async Task ListenerAsync()
    {
        using var meters = new CountingListener();
        await using var heard = new MemcachedClient(
            new NearCache.Memcached.MemcachedOptions { Servers = { server.Address } }, meterFactory: meters);
        await using var unheard = new MemcachedClient(new NearCache.Memcached.MemcachedOptions { Servers = { server.Address } });
        var (with, without) = (new List<LoadResult>(), new List<LoadResult>());
        await LoadResult.ClosedAsync(256, Round / 2, caller => heard.GetAsync(_keys[caller]));
        await LoadResult.ClosedAsync(256, Round / 2, caller => unheard.GetAsync(_keys[caller]));
        for (var round = 0; round < report.Rounds + 2; round++)
        {
            with.Add(await LoadResult.ClosedAsync(256, Round, caller => heard.GetAsync(_keys[caller])));
            without.Add(await LoadResult.ClosedAsync(256, Round, caller => unheard.GetAsync(_keys[caller])));
        }

        var least = with.Sum(load => load.Rate * Round.TotalSeconds) * 0.9;
        if (meters.Measurements < least)
        {
            report.Note($"the listener heard {meters.Measurements} durations where at least {least:0} are due");
        }

        report.Figure(
            "listener/get", "op/s", Report.Median(with.Select(load => load.Rate)), Report.Median(
                without.Select(load => load.Rate)), ">=0.9", Report.Median(with.Select(load => load.BytesPerOperation)));
    }

    // Short alternating rounds, because the wake-up time of threads varies from second to second for both.
    private async Task LatencyAsync<T>(string name, RawSocketLoop raw, Func<int, ValueTask<T>> call)
    {
        const int calls = 250;
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < 40 * report.Rounds; turn++)
        {
            await LoadResult.TimeAsync(calls, ours, async () => await call(0));
            await LoadResult.TimeAsync(calls, theirs, raw.SendAndReceiveAsync);
        }

        report.Figure($"{name}/p50", "µs", Report.Median(ours), Report.Median(theirs), "<=1.2");
    }

    private async Task GetIntoAsync()
    {
        var writers = Enumerable.Range(0, 256).Select(_ => new ArrayBufferWriter<byte>(4096)).ToArray();
        ValueTask<bool> call(int caller)
        {
            writers[caller].ResetWrittenCount();
            return client.GetAsync(_keys[caller], writers[caller]);
        }

        await LoadResult.ClosedAsync(256, Round / 2, (Func<int, ValueTask<bool>>)call);
        var load = await LoadResult.ClosedAsync(256, Round * 2, (Func<int, ValueTask<bool>>)call);
        report.Figure("get/100B/into/bytes", "B/op", load.BytesPerOperation, aim: "<=1");
    }

    private async Task OpenLoopAsync()
    {
        var peak = (await LoadResult.ClosedAsync(256, Round, caller => client.GetAsync(_keys[caller]))).Rate;
        var load = await LoadResult.OpenAsync(peak / 2, Round * 3, caller => client.GetAsync(_keys[caller % Keys]));
        report.Figure("get/100B/open", "op/s", load.Rate, peak / 2, ">=0.95");
        report.Figure("get/100B/open/p50", "µs", load.P50);
        report.Figure("get/100B/open/p99", "µs", load.P99);
    }

    private async Task MultiGetAsync()
    {
        using var raw = RawSocketLoop.Get(server.Port, _keys[0], 100);
        var keys = _keys[..100];
        var times = new List<double>();
        var baselines = new List<double>();
        for (var round = 0; round < report.Rounds + 1; round++)
        {
            var load = await LoadResult.ClosedAsync(1, Round, _ =>
                new ValueTask<IReadOnlyDictionary<string, byte[]>>(client.GetManyAsync(keys)));
            var baseline = await raw.BatchLatencyAsync(100, 5000);
            if (round > 0)
            {
                times.Add(load.P50);
                baselines.Add(baseline);
            }
        }

        report.Figure("multiget/100", "µs", Report.Median(times), Report.Median(baselines), "<=1.5");
    }
}
