namespace NearCache.Flights;

/// <summary>
/// The permit of one factory at the <see cref="FactoryLimiter"/>. While the factory waits for a cache, another factory may use its permit;
/// otherwise factories that call the cache could take all permits and deadlock.
/// </summary>
/// <param name="gate">The limiter, which has granted the permit.</param>
/// <param name="flight">The flight that runs the factory.</param>
/// <param name="cancellationToken">The token of the factory.</param>
internal sealed class FactoryPermit(FactoryLimiter gate, Flight flight, CancellationToken cancellationToken)
{
    private static readonly AsyncLocal<FactoryPermit?> Flowing = new();

    private readonly Lock _lock = new();   // guards everything below
    private int _waits;
    private bool _isTaken = true;
    private bool _isOver;

    /// <summary>
    /// Gets or sets the permit of the factory that the current code belongs to; null outside of factories. The value flows to everything
    /// that the setting method calls.
    /// </summary>
    public static FactoryPermit? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>Returns whether the current code belongs to a factory of this key.</summary>
    public static bool IsWithinFactoryOf(string key) => Current is { HasEnded: false } place && place.Flight.Key.Key == key;

    /// <summary>Gets the flight that runs the factory.</summary>
    public Flight Flight => flight;

    /// <summary>Gets a value indicating whether the factory has ended. Code that it left running does not wait on its behalf.</summary>
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
    /// Suspends the permit while the factory waits for a cache. Each call must be followed by <see cref="ResumeAsync"/>; calls may overlap.
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

    /// <summary>Acquires the permit again, or returns at once if the factory is cancelled.</summary>
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
            // Another call of the factory may wait by now, or have resumed first.
            if (_waits == 0 && !_isTaken && !_isOver)
            {
                _isTaken = true;
                return;
            }
        }

        gate.Release();
    }

    /// <summary>Releases the permit, because the factory has ended. Code that it left running does not suspend it any more.</summary>
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
