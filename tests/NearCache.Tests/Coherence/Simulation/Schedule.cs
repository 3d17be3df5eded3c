namespace NearCache.Tests.Coherence.Simulation;

/// <summary>Simulated time in microseconds, and the events in their order.</summary>
internal sealed class Schedule
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    public long Now { get; private set; }

    /// <summary>Gets the number of past events.</summary>
    public long Events { get; private set; }

    /// <summary>Prints an event when a seed is replayed.</summary>
    public Action<string>? Story { get; set; }

    public void Tell(string what) => Story?.Invoke($"{Now / 1000.0,10:F3} ms  {what}");

    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    public void After(long microseconds, Action action) => At(Now + microseconds, action);

    public void RunUntil(long end)
    {
        while (_events.TryPeek(out var action, out var due) && due.At <= end)
        {
            _events.Dequeue();
            Now = due.At;
            Events++;
            action();
        }

        Now = end;
    }
}
