namespace NearCache.Tests.Creating;

/// <summary>A source whose answers the test gives, and that counts the requests.</summary>
internal sealed class FakeSource
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource<string?>> _held = [];
    private string? _value = "";
    private Exception? _failure;
    private bool _isHolding;

    /// <summary>How often it was asked.</summary>
    public int Runs { get; private set; }

    /// <summary>How many wait for its answer.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Gets the token of the last request.</summary>
    public CancellationToken Token { get; private set; }

    /// <summary>From now on it answers at once.</summary>
    public void Says(string? value)
    {
        lock (_lock)
        {
            (_value, _failure, _isHolding) = (value, null, false);
        }
    }

    /// <summary>From now on it fails at once.</summary>
    public void Fails(Exception failure)
    {
        lock (_lock)
        {
            (_failure, _isHolding) = (failure, false);
        }
    }

    /// <summary>From now on it answers when it is told to.</summary>
    public void Holds()
    {
        lock (_lock)
        {
            _isHolding = true;
        }
    }

    /// <summary>Answers the first waiting request.</summary>
    public void Answer(string? value)
    {
        lock (_lock)
        {
            _held.Dequeue().SetResult(value);
        }
    }

    /// <summary>The factory.</summary>
    public ValueTask<string?> AskAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Runs++;
            Token = cancellationToken;
            if (_isHolding)
            {
                var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
                _held.Enqueue(answer);
                return new(answer.Task);
            }

            return _failure is null ? ValueTask.FromResult(_value) : ValueTask.FromException<string?>(_failure);
        }
    }
}
