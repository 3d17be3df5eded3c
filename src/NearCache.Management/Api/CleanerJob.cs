using NearCache.Management.Api.Models;

namespace NearCache.Management.Api;

/// <summary>Counts or removes leftovers of a namespace in ZooKeeper in the background, at the cleaner's rate. One run at a time.</summary>
/// <param name="client">Returns the client of the fleet.</param>
internal sealed class CleanerJob(Func<CancellationToken, Task<FleetClient>> client) : IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards the run and its state
    private readonly CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;
    private string _state = "idle";
    private CleanerReport? _report;
    private string? _problem;

    /// <summary>Gets the state of the last run.</summary>
    public CleanerModel State
    {
        get
        {
            lock (_lock)
            {
                return new CleanerModel(
                    _state,
                    _report?.Leftovers ?? 0,
                    _report?.Removed ?? 0,
                    _report?.Alive ?? 0,
                    _report?.Young ?? 0,
                    _report?.Transactions ?? 0,
                    _problem);
            }
        }
    }

    /// <summary>Starts a run. Returns false if one is not over yet.</summary>
    /// <param name="removes">Whether leftovers are removed; otherwise they are counted.</param>
    public bool TryStart(bool removes)
    {
        lock (_lock)
        {
            if (!_run.IsCompleted)
            {
                return false;
            }

            (_state, _report, _problem) = (removes ? "cleaning" : "counting", null, null);
            _run = Task.Run(() => RunAsync(removes, _stopping.Token));
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync(bool removes, CancellationToken stopping)
    {
        var progress = new Progress(report => Set(null, report, null));
        try
        {
            var fleet = await client(stopping).ConfigureAwait(false);
            Set("done", removes
                ? await fleet.CleanAsync(null, progress, stopping).ConfigureAwait(false)
                : await fleet.FindLeftoversAsync(null, progress, stopping).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException)
        {
            Set("failed", null, "the console ended");
        }
        catch (Exception e)
        {
            Set("failed", null, e.Message);
        }
    }

    private void Set(string? state, CleanerReport? report, string? problem)
    {
        lock (_lock)
        {
            (_state, _report, _problem) = (state ?? _state, report ?? _report, problem);
        }
    }

    private sealed class Progress(Action<CleanerReport> report) : IProgress<CleanerReport>
    {
        public void Report(CleanerReport value) => report(value);
    }
}
