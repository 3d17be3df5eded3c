namespace NearCache.Flights;

/// <summary>
/// The place of one factory behind a <see cref="FactoryLimiter"/>. While the factory itself waits for a cache, another factory may have it:
/// else factories that ask the cache could take all places and wait for one another for ever.
/// </summary>
/// <param name="gate">The gate, which it has passed.</param>
/// <param name="flight">The flight that runs the factory.</param>
/// <param name="cancellationToken">The factory's.</param>
internal sealed class FactoryPermit(FactoryLimiter gate, Flight flight, CancellationToken cancellationToken)
{
    private static readonly AsyncLocal<FactoryPermit?> Flowing = new();

    private readonly Lock _lock = new();   // guards everything below
    private int _waits;
    private bool _isTaken = true;
    private bool _isOver;

    /// <summary>
    /// The place of the factory that the current code belongs to; null: it belongs to none. What is set is seen by all that the setting
    /// method calls from then on.
    /// </summary>
    public static FactoryPermit? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>Whether the current code belongs to a factory of this key.</summary>
    public static bool IsWithinFactoryOf(string key) => Current is { HasEnded: false } place && place.Flight.Key.Key == key;

    /// <summary>The flight that runs the factory.</summary>
    public Flight Flight => flight;

    /// <summary>Whether the factory has ended. What it left running waits for nothing on its behalf.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _isOver;
            }
        }
    }

    /// <summary>
    /// The factory begins to wait for a cache, beside other calls of its own perhaps. Followed by <see cref="ResumeAsync"/>.
    /// </summary>
    public void Suspend()
    {
        lock (_lock)
        {
            if (_waits++ > 0 || !_isTaken)
            {
                return;
            }

            _isTaken = false;
        }

        gate.Release();
    }

    /// <summary>The factory goes on, when its turn has come again; at once, if it has been cancelled.</summary>
    public async ValueTask ResumeAsync()
    {
        lock (_lock)
        {
            if (--_waits > 0 || _isTaken || _isOver)
            {
                return;
            }
        }

        try
        {
            await gate.AcquireAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_lock)
        {
            // Another of its calls may wait by now, or have been first.
            if (_waits == 0 && !_isTaken && !_isOver)
            {
                _isTaken = true;
                return;
            }
        }

        gate.Release();
    }

    /// <summary>The factory has ended. What it left running lends nothing any more.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _isOver = true;
            if (!_isTaken)
            {
                return;
            }

            _isTaken = false;
        }

        gate.Release();
    }
}
