using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>The stops of this process that no memcached server and no registry is known to have.</summary>
internal sealed class PendingStops
{
    private readonly Lock _lock = new();   // guards the stops
    private readonly Dictionary<string, TaskCompletionSource> _stops = [];

    /// <summary>Adds a stop. The task completes when <see cref="FoundOutside"/> finds it.</summary>
    public Task Add(string id)
    {
        lock (_lock)
        {
            return (_stops[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Completes the stops that a memcached server or the registry has.</summary>
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
