using System.Diagnostics;

namespace NearCache.TestSupport;

/// <summary>
/// For how long this process, or the machine, stood still: a thread that wants to run every few milliseconds notes how much later it did.
/// </summary>
/// <remarks>
/// For promises that are made in real time: what the machine took for itself is excused, and nothing else. A beat that is a little late, as
/// on any busy machine, is no stall.
/// </remarks>
public sealed class StallMeter : IDisposable
{
    private const int Beat = 10;   // milliseconds
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(60);
    private readonly Lock _lock = new();   // guards what follows
    private readonly ManualResetEventSlim _ending = new();
    private readonly Thread _thread;
    private TimeSpan _total;
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Begins to measure.</summary>
    public StallMeter()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = nameof(StallMeter) };
        _thread.Start();
    }

    /// <summary>All stalls since it began, one that has not ended yet included.</summary>
    public TimeSpan Total
    {
        get
        {
            lock (_lock)
            {
                return _total + Overdue();
            }
        }
    }

    public void Dispose()
    {
        _ending.Set();
        _thread.Join();
        _ending.Dispose();
    }

    private void Run()
    {
        while (!_ending.Wait(Beat))
        {
            lock (_lock)
            {
                _total += Overdue();
                _last = Stopwatch.GetTimestamp();
            }
        }
    }

    private TimeSpan Overdue() =>
        Stopwatch.GetElapsedTime(_last) is var since && since > Late ? since - TimeSpan.FromMilliseconds(Beat) : TimeSpan.Zero;
}
