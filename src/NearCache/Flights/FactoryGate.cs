namespace NearCache.Flights;

/// <summary>Lets so many factories run at once; the others wait in the order in which they came.</summary>
internal sealed class FactoryGate(int limit)
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private int _limit = limit;
    private int _inside;

    /// <summary>How many may run at once. When it is lowered, those that run end first.</summary>
    public int Limit
    {
        get
        {
            lock (_lock)
            {
                return _limit;
            }
        }

        set
        {
            lock (_lock)
            {
                _limit = value;
                Admit();
            }
        }
    }

    /// <summary>How many run now.</summary>
    public int Inside
    {
        get
        {
            lock (_lock)
            {
                return _inside;
            }
        }
    }

    /// <summary>Waits for a place. Whoever got one calls <see cref="Exit"/>.</summary>
    public ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        TaskCompletionSource turn;
        lock (_lock)
        {
            if (_inside < _limit)
            {
                _inside++;
                return default;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
        }

        return WaitAsync(turn, cancellationToken);
    }

    /// <summary>Gives the place to the next.</summary>
    public void Exit()
    {
        lock (_lock)
        {
            _inside--;
            Admit();
        }
    }

    private static async ValueTask WaitAsync(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        // Either the turn comes or the wait is given up: one of the two completes the source, so no place is lost.
        await using var giveUp = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), turn).ConfigureAwait(false);
        await turn.Task.ConfigureAwait(false);
    }

    private void Admit()
    {
        while (_inside < _limit && _waiting.TryDequeue(out var next))
        {
            if (next.TrySetResult())
            {
                _inside++;
            }
        }
    }
}
