using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>Stops that this process has put, and that nothing outside it is known to have yet.</summary>
internal sealed class PendingStops
{
    private readonly Lock _lock = new();   // guards the stops
    private readonly Dictionary<string, TaskCompletionSource> _stops = [];

    /// <summary>Completes when <see cref="FoundOutside"/> had the stop.</summary>
    public Task Add(string id)
    {
        lock (_lock)
        {
            return (_stops[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>A memcached server or the registry has these.</summary>
    public void FoundOutside(StopSet stops)
    {
        lock (_lock)
        {
            foreach (var stop in _stops.Count == 0 ? [] : stops.Stops)
            {
                if (_stops.Remove(stop.Id, out var waiting))
                {
                    waiting.TrySetResult();
                }
            }
        }
    }
}
