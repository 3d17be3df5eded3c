namespace NearCache.Flights;

/// <summary>Lets so many factories run at once; the others wait in the order in which they came.</summary>
internal sealed class FactoryLimiter(int limit)
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
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

    /// <summary>How many wait.</summary>
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

    /// <summary>Waits for a place. A caller that got one calls <see cref="Release"/>.</summary>
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

    /// <summary>Gives the place to the next.</summary>
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
        // Either the turn comes or the wait is given up: whichever takes the caller off the list first.
        await using var giveUp = cancellationToken.UnsafeRegister(
            (state, token) => GiveUp((LinkedListNode<TaskCompletionSource>)state!, token), turn).ConfigureAwait(false);
        await turn.Value.Task.ConfigureAwait(false);
    }

    // A caller that has left holds no memory here until the next place is free.
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
