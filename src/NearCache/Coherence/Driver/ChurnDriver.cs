using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>The churn breaker at work: looks every second, ends the announcements of a rule that trips it, and puts a stop that says why.</summary>
internal sealed class ChurnDriver : IAsyncDisposable
{
    private const int Spread = 1000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly RulesDriver _rules;
    private readonly CoherenceContext _context;
    private readonly ChurnBreaker _breaker = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public ChurnDriver(RulesDriver rules, CoherenceContext context)
    {
        _rules = rules;
        _context = context;
        _loop = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            List<Task> trips = [];
            while (!_stopping.IsCancellationRequested)
            {
                await Task.Delay(Period, _context.Time, _stopping.Token).ConfigureAwait(false);
                trips.RemoveAll(trip => trip.IsCompletedSuccessfully);
                trips.AddRange(_breaker.Look(_rules.Active, _context.Clock.Monotonic()).Select(TripAsync));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception e)
        {
            _context.Logger.LoopFailed(e, "the churn breaker");
        }
    }

    // The rule may be as wrong in every process: each waits a random time, and puts a stop only if there is none by then.
    private async Task TripAsync(Churn churn)
    {
        churn.Rule.EndAnnouncements();
        _context.Metrics.ChurnBreakerTripped(churn.Rule.Name);
        _context.Logger.ChurnBreakerTripped(churn.Rule.Name, churn.Why);
        if (_context.IsShared)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(Spread)), _context.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!churn.Rule.IsOn || _stopping.IsCancellationRequested)
        {
            return;
        }

        try
        {
            _ = _rules.Put(Stop.Now(churn.Rule.Name, $"churn breaker of {Environment.MachineName}, process {Environment.ProcessId}", churn.Why, _context.Time.GetUtcNow()));
        }
        catch (NearCacheException e)
        {
            _context.Logger.StopNotPut(e, churn.Rule.Name);
        }
    }
}
