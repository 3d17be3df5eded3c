namespace NearCache.Flights;

/// <summary>Limits the number of factories that run concurrently. Further factories wait in first-in, first-out order.</summary>
internal sealed class FactoryLimiter(int limit)
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _limit = limit;
    private int _inside;

    /// <summary>Gets or sets the limit. After it is lowered, running factories end first.</summary>
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

    /// <summary>Gets the number of running factories.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
            {
                return _inside;
            }
        }
    }

    /// <summary>Gets the number of waiting factories.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Waits for a permit. The holder must call <see cref="Release"/>.</summary>
    public ValueTask AcquireAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        LinkedListNode<TaskCompletionSource> turn;
        lock (_lock)
        {
            if (_inside < _limit)
            {
                _inside++;
                return default;
            }

            turn = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return WaitAsync(turn, cancellationToken);
    }

    /// <summary>Releases a permit to the next waiter.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _inside--;
            Admit();
        }
    }

    private async ValueTask WaitAsync(LinkedListNode<TaskCompletionSource> turn, CancellationToken cancellationToken)
    {
        // Either the permit is granted or the wait is cancelled; the first to remove the waiter from the list decides.
        await using var giveUp = cancellationToken.UnsafeRegister(
            (state, token) => GiveUp((LinkedListNode<TaskCompletionSource>)state!, token), turn).ConfigureAwait(false);
        await turn.Value.Task.ConfigureAwait(false);
    }

    // A cancelled waiter must not stay in the list until the next permit is free.
    private void GiveUp(LinkedListNode<TaskCompletionSource> turn, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (turn.List is null)
            {
                return;
            }

            _waiting.Remove(turn);
        }

        turn.Value.TrySetCanceled(cancellationToken);
    }

    private void Admit()
    {
        while (_inside < _limit && _waiting.First is { } next)
        {
            _waiting.Remove(next);
            _inside++;
            next.Value.SetResult();
        }
    }
}
