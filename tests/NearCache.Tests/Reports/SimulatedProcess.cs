using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Remote;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;

namespace NearCache.Tests.Reports;

/// <summary>A process that only reports.</summary>
internal sealed class SimulatedProcess : IReportSource
{
    public const string Namespace = "shop";

    private readonly DateTimeOffset _startedAt;

    public SimulatedProcess(
        int number, IReadOnlyList<IRemoteServer> servers, TimeProvider time, string? pod = null, ILogger? logger = null, int? seed = null)
    {
        Id = IdOf(seed ?? number);
        Pod = pod ?? $"blog-web-7f9c6d5b8-{number:x5}";
        _startedAt = time.GetUtcNow();
        Publisher = new ReportPublisher(
            new ReportNames(Namespace),
            Id,
            this,
            () => servers,
            TimeSpan.FromSeconds(5),
            time,
            logger ?? NullLogger.Instance,
            new Random(seed ?? number));
    }

    public string Id { get; }

    public string Pod { get; }

    public string PodOrHost => Pod;

    public ReportPublisher Publisher { get; }

    public long NearHits { get; set; } = 123_456_789;

    public static string IdOf(int number) => $"{(ulong)number * 0x9E3779B97F4A7C15:x16}{number:x16}";

    /// <summary>Stores a report. The servers of the tests reply at once.</summary>
    public bool Publish(bool isLast = false)
    {
        var round = Publisher.PublishAsync(isLast);
        Assert.True(round.IsCompleted, "A server did not reply at once.");
        return round.GetAwaiter().GetResult();
    }

    public ProcessSummary Summarize(int starts, bool isLast) => Sample with
    {
        Id = Id,
        Pod = Pod,
        Host = Pod,
        StartedAt = _startedAt,
        Starts = starts,
        NearHits = NearHits,
        State = isLast ? ProcessState.Ended : ProcessState.Running,
    };

    public ProcessDetail Describe() => new()
    {
        Id = Id,
        Servers = [.. Enumerable.Range(1, 6).Select(server => new ReportedServer
        {
            Name = $"cache-{server}.example:11211",
            IsServedNear = true,
            ConfirmedBefore = TimeSpan.FromMilliseconds(612),
            ConnectionCount = 1,
            Connections = [new ReportedConnection { Local = "10.244.3.17:51234", OpenedAt = _startedAt }],
        })],
        Rules = [.. Enumerable.Range(1, 12).Select(rule => new ReportedRule
        {
            Name = $"products-{rule}",
            IsOn = true,
            NearHits = 81_234_567,
            RemoteReads = 123_456,
            Writes = 3_456,
            Announcements = 3_400,
        })],
    };

    /// <summary>A summary with every part.</summary>
    public static ProcessSummary Sample { get; } = new()
    {
        Id = "0123456789abcdef0123456789abcdef",
        Namespace = Namespace,
        Host = "web-1",
        Pod = "blog-x2x9z",
        Node = "k8s-n9",
        NodeAddress = "10.0.0.9",
        Carriers = new Dictionary<string, bool> { ["RabbitMQ"] = true },
        ProcessId = 7,
        Version = "0.1.0.0",
        StartedAt = DateTimeOffset.FromUnixTimeSeconds(1_893_499_200),
        Starts = 13,
        State = ProcessState.Running,
        ServersHash = "a2bf6f236ae884f5",
        PlacementHash = "8e6cf49b1690453a",
        PrefixHash = "84f694a82f0dbbdf",
        RulesRevision = 42,
        Stops = 1,
        StopHashes = [ProcessSummary.HashOfStop("stop-1")],
        ConfirmedBefore = TimeSpan.FromMilliseconds(1_234),
        NearHits = 123_456_789,
        RemoteReads = 234_567,
        RemoteLatency = TimeSpan.FromMicroseconds(1_250),
        Failures = 3,
        FactoryRuns = 4_567,
        Connections = [1, 1],
        ThreadPoolDelay = TimeSpan.FromMilliseconds(4_100),
        GarbageCollectionPause = TimeSpan.FromMilliseconds(12),
        Monitor = new ReportedMonitor { Violations = 0, Checked = 81_234, Agreed = 80_123, Unclassified = 11 },
    };

    /// <summary>Returns the stored form of a report.</summary>
    public ReadOnlyMemory<byte> Written(int starts = 1) => SummaryFormat.Write(Summarize(starts, isLast: false));
}
