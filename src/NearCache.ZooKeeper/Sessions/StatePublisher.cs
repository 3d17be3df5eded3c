using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The state of a client, its subscribers, and the callers that wait for a state. Thread-safe.</summary>
internal sealed class StatePublisher
{
    // Bounds the memory of a subscriber that does not read. A client needs hours of failures to publish this many changes.
    private const int MaxUnread = 1024;
    private readonly Lock _lock = new();   // guards all fields below
    private readonly List<Channel<ZooKeeperStateChange>> _subscribers = [];
    private readonly List<(ZooKeeperState State, TaskCompletionSource Reached)> _waiting = [];
    private ZooKeeperStateChange _current = new() { State = ZooKeeperState.Connecting };

    public ZooKeeperStateChange Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    public void Publish(ZooKeeperStateChange change)
    {
        lock (_lock)
        {
            _current = change;
            foreach (var subscriber in _subscribers)
            {
                subscriber.Writer.TryWrite(change);
                if (change.State == ZooKeeperState.Closed)
                {
                    subscriber.Writer.TryComplete();
                }
            }

            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (TryComplete(_waiting[i].State, _waiting[i].Reached))
                {
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Returns the current state and then every change.</summary>
    public async IAsyncEnumerable<ZooKeeperStateChange> SubscribeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<ZooKeeperStateChange>(new BoundedChannelOptions(MaxUnread)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
        });
        lock (_lock)
        {
            channel.Writer.TryWrite(_current);
            if (_current.State == ZooKeeperState.Closed)
            {
                channel.Writer.TryComplete();
            }
            else
            {
                _subscribers.Add(channel);
            }
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_lock)
            {
                _subscribers.Remove(channel);
            }
        }
    }

    public async Task WaitAsync(ZooKeeperState state, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!TryComplete(state, reached))
            {
                _waiting.Add((state, reached));
            }
        }

        try
        {
            await reached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove((state, reached));
            }
        }
    }

    private bool TryComplete(ZooKeeperState wanted, TaskCompletionSource reached)
    {
        if (_current.State == wanted)
        {
            return reached.TrySetResult();
        }

        // These states are final, or last for minutes.
        return _current.State is ZooKeeperState.Closed or ZooKeeperState.AuthenticationFailed
            && reached.TrySetException(_current.Reason ?? new ObjectDisposedException(nameof(ZooKeeperClient)));
    }
}
