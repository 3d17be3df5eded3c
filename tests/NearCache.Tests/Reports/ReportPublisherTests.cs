using NearCache.Reports;
using NearCache.TestSupport;

namespace NearCache.Tests.Reports;

/// <summary>When a process reports.</summary>
public sealed class ReportPublisherTests
{
    private readonly ManualTime _time = new();
    private readonly CountingServer[] _servers;
    private readonly SimulatedProcess _process;

    public ReportPublisherTests()
    {
        _servers = [new CountingServer("cache-1", _time), new CountingServer("cache-2", _time)];
        _process = new SimulatedProcess(1, _servers, _time);
    }

    private int Reported => new ProcessReportReader(SimulatedProcess.Namespace, () => _servers)
        .ReadAsync(cancellationToken: TestContext.Current.CancellationToken).Result.Processes.Count;

    [Fact]
    public void The_first_report_is_stored_at_once_so_that_a_process_that_dies_young_is_seen()
    {
        _process.Publisher.Tick();

        Assert.Equal(1, Reported);
    }

    [Fact]
    public void Without_a_connection_the_first_report_follows_soon_after_there_is_one()
    {
        Array.ForEach(_servers, server => server.IsAway = true);
        _process.Publisher.Tick();
        Assert.Equal(0, Reported);

        Array.ForEach(_servers, server => server.IsAway = false);
        _process.Publisher.Tick();
        Assert.Equal(0, Reported);
        _time.Advance(TimeSpan.FromMilliseconds(ReportPublisher.FirstRetry));
        _process.Publisher.Tick();

        Assert.Equal(1, Reported);
    }

    [Fact]
    public void Further_reports_keep_the_interval_whether_or_not_a_server_replies()
    {
        _process.Publisher.Tick();
        Array.ForEach(_servers, server => server.Reset());

        _time.Advance(TimeSpan.FromSeconds(4.4));
        _process.Publisher.Tick();
        Assert.Equal(0, _servers[0].RoundTrips);

        // 5 s ± 10 %.
        _time.Advance(TimeSpan.FromSeconds(1.2));
        _process.Publisher.Tick();
        Assert.NotEqual(0, _servers[0].RoundTrips);

        Array.ForEach(_servers, server => server.IsAway = true);
        _time.Advance(TimeSpan.FromSeconds(6));
        _process.Publisher.Tick();
        Array.ForEach(_servers, server => server.IsAway = false);
        Array.ForEach(_servers, server => server.Reset());
        _time.Advance(TimeSpan.FromSeconds(4));
        _process.Publisher.Tick();
        Assert.Equal(0, _servers[0].RoundTrips);
    }
}
