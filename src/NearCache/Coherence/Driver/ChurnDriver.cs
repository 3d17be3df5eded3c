using NearCache.Diagnostics;
using NearCache.Loops;
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
    private readonly List<Task> _trips = [];
    private readonly OwnedLoop _loop;

    public ChurnDriver(RulesDriver rules, CoherenceContext context)
    {
        _rules = rules;
        _context = context;
        _loop = new OwnedLoop(context.Logger, "the churn breaker");
        _loop.Start(LookAsync);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task LookAsync(CancellationToken stopping)
    {
        await Task.Delay(Period, _context.Time, stopping).ConfigureAwait(false);
        _trips.RemoveAll(trip => trip.IsCompletedSuccessfully);
        _trips.AddRange(_breaker.Look(_rules.Active, _context.Clock.Monotonic()).Select(churn => TripAsync(churn, stopping)));
    }

    // The rule may be as wrong in every process: each waits a random time, and puts a stop only if there is none by then.
    private async Task TripAsync(Churn churn, CancellationToken stopping)
    {
        churn.Rule.EndAnnouncements();
        _context.Metrics.ChurnBreakerTripped(churn.Rule.Name);
        _context.Logger.ChurnBreakerTripped(churn.Rule.Name, churn.Why);
        if (_context.IsShared)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(Spread)), _context.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!churn.Rule.IsOn || stopping.IsCancellationRequested)
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
