using NearCache.Loops;

namespace NearCache.Coherence.ServerRules;

/// <summary>Lets the loop that follows the registry wait until the registry may have changed, or until it may lack a stop.</summary>
/// <remarks>Thread-safe. Without a registry no loop waits, and the signal has no effect.</remarks>
internal sealed class RegistrySignal(TimeProvider time)
{
    private readonly LoopSignal _signal = new(time);
    private volatile bool _isUrgent;

    /// <summary>Gets a value indicating whether this process put a stop since the last <see cref="TakeUrgent"/>.</summary>
    public bool IsUrgent => _isUrgent;

    /// <summary>Records that the content of the registry may have changed.</summary>
    public void Changed() => _signal.Set();

    /// <summary>Records that the stops have changed.</summary>
    /// <param name="isOwn">Whether this process put a stop. No other process is about to write it, so it is written at once.</param>
    public void StopsChanged(bool isOwn)
    {
        if (isOwn)
        {
            _isUrgent = true;
        }

        _signal.Set();
    }

    /// <summary>Returns <see cref="IsUrgent"/>, and clears it.</summary>
    public bool TakeUrgent() => Interlocked.Exchange(ref _isUrgent, false);

    /// <summary>Waits for a number of milliseconds, or until one of the changes is recorded.</summary>
    public Task WaitAsync(long milliseconds, CancellationToken cancellationToken) => _signal.WaitAsync(milliseconds, cancellationToken);
}
