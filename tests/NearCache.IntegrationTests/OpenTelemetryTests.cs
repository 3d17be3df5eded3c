using System.Collections.Concurrent;
using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace NearCache.IntegrationTests;

/// <summary>
/// The calls in docs/metrics-and-traces.md are all that OpenTelemetry needs. Runs alone, because its listeners observe the whole process.
/// </summary>
[Collection(nameof(OpenTelemetryTests))]
[CollectionDefinition(nameof(OpenTelemetryTests), DisableParallelization = true)]
public sealed class OpenTelemetryTests
{
    [Fact]
    public async Task AddMeter_and_AddSource_bring_the_metrics_and_spans_of_all_packages_and_no_span_of_a_loop()
    {
        var exported = new ConcurrentQueue<Activity>();
        var names = new ConcurrentDictionary<(string Meter, string Name), double[]>();
        using var traces = Sdk.CreateTracerProviderBuilder()
            .AddSource("NearCache*")
            .AddProcessor(new SimpleActivityExportProcessor(new Exporter<Activity>(exported.Enqueue)))
            .Build();
        using var reader = new BaseExportingMetricReader(
            new Exporter<Metric>(metric => names[(metric.MeterName, metric.Name)] = BoundsOf(metric)));
        using var metrics = Sdk.CreateMeterProviderBuilder().AddMeter("NearCache*").AddReader(reader).Build();
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        var options = new NearCacheOptions
        {
            Memcached = { Servers = { memcached.Address } },
            ZooKeeper = { ConnectionString = zooKeeper.ConnectionString },
        };
        await using var cache = new NearCacheClient(options);

        // The first audit finds a server without counters; a value that is created during it is not stored.
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Servers.All(server => server.IsServedNear), "audited");
        await cache.GetOrCreateAsync("a", _ => ValueTask.FromResult("value"));
        await Eventually.BecomesTrueAsync(
            () =>
            {
                reader.Collect();
                return names.ContainsKey(("NearCache", "nearcache.audits"))
                    && names.ContainsKey(("NearCache.ZooKeeper", "nearcache.zookeeper.operations"));
            },
            "an audit, and an answer of ZooKeeper");

        Assert.Contains(("NearCache.Memcached", "nearcache.memcached.operations"), names.Keys);
        Assert.Contains(("NearCache", "nearcache.factory.runs"), names.Keys);
        double[] bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
        Assert.Equal(bounds, names[("NearCache.Memcached", "db.client.operation.duration")]);
        Assert.Equal(bounds, names[("NearCache.ZooKeeper", "db.client.operation.duration")]);
        Assert.Equal(["factory", "get", "get_or_create", "set"], exported.Select(NameOf).Order(StringComparer.Ordinal));
        Assert.Single(exported.Select(span => span.TraceId).Distinct());
    }

    private static string NameOf(Activity span) => (string?)span.GetTagItem("db.operation.name") ?? span.DisplayName["nearcache.".Length..];

    private static double[] BoundsOf(Metric metric)
    {
        var bounds = new List<double>();
        if (metric.MetricType == MetricType.Histogram)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                bounds.Clear();
                foreach (var bucket in point.GetHistogramBuckets())
                {
                    bounds.Add(bucket.ExplicitBound);
                }
            }
        }

        return [.. bounds.Where(double.IsFinite)];
    }

    private sealed class Exporter<T>(Action<T> export) : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch)
            {
                export(item);
            }

            return ExportResult.Success;
        }
    }
}
