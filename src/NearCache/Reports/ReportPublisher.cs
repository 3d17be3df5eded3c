using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Remote;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;

namespace NearCache.Reports;

/// <summary>Stores the reports of this process on two servers, again and again, and one last report at its end.</summary>
/// <remarks>
/// Driven by the <see cref="ReportThread"/> rather than by timers of the thread pool: a process whose pool is starved must be seen to be
/// starved. Reports to a server that does not reply are lost.
/// </remarks>
internal sealed class ReportPublisher : IAsyncDisposable
{
    /// <summary>How soon the first report is tried again, in milliseconds.</summary>
    public const int FirstRetry = 500;

    // The longest time that the last report may delay the end of the cache.
    private static readonly TimeSpan LastReport = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();   // guards the start of a round
    private readonly ReportNames _names;
    private readonly string _id;
    private readonly IReportSource _source;
    private readonly Func<IReadOnlyList<IRemoteServer>> _servers;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Random _random;
    private readonly Dictionary<string, ReportCopy> _copies = [];
    private long _due;
    private Task _round = Task.CompletedTask;
    private bool _isEnding;
    private bool _hasLoggedFull;

    /// <param name="names">The keys of the reports.</param>
    /// <param name="id">The id of the process.</param>
    /// <param name="source">Creates the reports.</param>
    /// <param name="servers">Returns the present servers.</param>
    /// <param name="interval">The time between two reports.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The logger.</param>
    /// <param name="random">Chooses places and jitter; null for <see cref="Random.Shared"/>.</param>
    public ReportPublisher(
        ReportNames names,
        string id,
        IReportSource source,
        Func<IReadOnlyList<IRemoteServer>> servers,
        TimeSpan interval,
        TimeProvider time,
        ILogger logger,
        Random? random = null)
    {
        (_names, _id, _source, _servers, _interval, _time, _logger) = (names, id, source, servers, interval, time, logger);
        _random = random ?? Random.Shared;
        _due = time.GetTimestamp();
    }

    /// <summary>Starts a round if one is due and the last one has ended. Returns at the first wait for a server.</summary>
    public void Tick()
    {
        lock (_lock)
        {
            if (_isEnding || !_round.IsCompleted || _time.GetTimestamp() < _due)
            {
                return;
            }

            _round = BackgroundContext.Run(RunAsync);
        }
    }

    /// <summary>Stores a report now. Not for concurrent use.</summary>
    /// <param name="isLast">Whether the process ends.</param>
    /// <returns>Whether a server has stored it.</returns>
    public async Task<bool> PublishAsync(bool isLast = false)
    {
        var chosen = ReportServers.Of(_id, _servers(), server => server.Name);
        foreach (var (name, copy) in _copies.ToArray())
        {
            if (!chosen.Contains(copy.Server))
            {
                // The list of servers has changed. What is left behind expires.
                _copies.Remove(name);
            }
        }

        var copies = chosen.Select(CopyOn).ToArray();
        var opened = await Task.WhenAll(copies.Select(copy => copy.OpenAsync())).ConfigureAwait(false);
        var reached = copies.Where((_, index) => opened[index]).ToArray();
        if (reached.Length == 0)
        {
            return false;
        }

        var starts = copies.Max(copy => copy.Starts);
        var summary = SummaryFormat.Write(_source.Summarize(starts, isLast));
        var detail = DetailFormat.Write(_source.Describe());
        var stored = await Task.WhenAll(reached.Select(copy => copy.StoreAsync(summary, detail, isLast))).ConfigureAwait(false);
        if (!_hasLoggedFull && reached.FirstOrDefault(copy => copy.IsFull) is { } full)
        {
            _hasLoggedFull = true;
            _logger.NoPlaceForReport(full.Server.Name, ReportNames.MaxPlaces);
        }

        return stored.Contains(true);
    }

    public async ValueTask DisposeAsync()
    {
        Task round;
        lock (_lock)
        {
            _isEnding = true;
            round = _round;
        }

        // The round ends with its servers' replies, or with their silence.
        var last = BackgroundContext.Run(() => LastAsync(round));
        await last.WaitAsync(LastReport, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ReportCopy CopyOn(IRemoteServer server)
    {
        if (!_copies.TryGetValue(server.Name, out var copy))
        {
            _copies[server.Name] = copy = new ReportCopy(server, _names, _id, _source.PodOrHost, _random);
        }

        return copy;
    }

    private async Task RunAsync()
    {
        var isStored = await TryPublishAsync(isLast: false).ConfigureAwait(false);
        var wait = isStored || _copies.Values.Any(copy => copy.Starts > 0)
            ? _interval * (0.9 + (0.2 * _random.NextDouble()))
            : TimeSpan.FromMilliseconds(FirstRetry);
        _due = _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
    }

    private async Task LastAsync(Task round)
    {
        await round.ConfigureAwait(false);
        await TryPublishAsync(isLast: true).ConfigureAwait(false);
    }

    private async Task<bool> TryPublishAsync(bool isLast)
    {
        try
        {
            return await PublishAsync(isLast).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The cache closes its connections, or the server was just removed from the list.
        }
        catch (Exception e)
        {
            // A defect. The next report may succeed.
            _logger.LoopFailed(e, "process reports");
        }

        return false;
    }
}

/// <summary>Creates the reports of this process.</summary>
internal interface IReportSource
{
    /// <summary>Gets the name of the pod, or of the host if there is no pod. The starts of processes are counted by it.</summary>
    string PodOrHost { get; }

    /// <summary>Creates the short report.</summary>
    /// <param name="starts">How often a process of the same pod or host has started.</param>
    /// <param name="isLast">Whether the process ends.</param>
    ProcessSummary Summarize(int starts, bool isLast);

    /// <summary>Creates the long report.</summary>
    ProcessDetail Describe();
}
