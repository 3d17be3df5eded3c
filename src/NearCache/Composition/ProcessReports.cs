using NearCache.Diagnostics;
using NearCache.HotKeys;
using NearCache.Reports;
using NearCache.Reports.Core;

namespace NearCache.Composition;

/// <summary>Builds and owns what stores the reports of this process, and what reads those of all processes.</summary>
internal sealed class ProcessReports : IAsyncDisposable
{
    /// <summary>Starts to report. The first report is stored at once.</summary>
    public ProcessReports(
        CacheEnvironment environment, CoherenceTier coherence, TrafficReport traffic, Func<NearCacheSnapshot> snapshot)
    {
        var (options, remote) = (environment.Options, environment.Remote);
        if (remote.IsEmbedded || !remote.HasCounters)
        {
            if (options.Reports.Enabled)
            {
                environment.Logger.NoReports(remote.IsEmbedded
                    ? "its remote is embedded, and no other process can read it"
                    : "its remote is not memcached, which alone has the commands for them");
            }

            return;
        }

        Reader = new ProcessReportReader(options.Namespace, () => coherence.Servers.All.Select(server => server.Server));
        if (options.Reports.Enabled)
        {
            Publisher = new ReportPublisher(
                new ReportNames(options.Namespace),
                environment.Member,
                new ReportSource(environment, coherence, traffic, snapshot),
                () => [.. coherence.Servers.All.Select(server => server.Server)],
                options.Reports.Interval,
                environment.Time,
                environment.Logger);
            ReportThread.Add(Publisher.Tick);
        }
    }

    /// <summary>Gets what stores the reports of this process; null if it stores none.</summary>
    public ReportPublisher? Publisher { get; }

    /// <summary>Gets the reader of all reports; null if the remote cannot hold reports.</summary>
    public ProcessReportReader? Reader { get; }

    /// <summary>Stores the last report, within a short time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Publisher is not null)
        {
            ReportThread.Remove(Publisher.Tick);
            await Publisher.DisposeAsync().ConfigureAwait(false);
        }
    }
}
