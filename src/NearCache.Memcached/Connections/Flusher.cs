using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Sends what callers have put into the queue, all that has gathered by one write, one write at a time.</summary>
/// <remarks>
/// A flush runs by the <see cref="WorkScheduler"/>, so that callers that are ready at the same time are sent together: flushing on the
/// thread of the first of them halves the rate. Only a caller who is alone in line sends by himself, since nobody would join him.
/// </remarks>
internal sealed class Flusher(Lock gate, ConnectionSettings settings, Action<ConnectionFailure> abort) : IThreadPoolWorkItem
{
    // A large value goes in pieces, each of which shows that it moves.
    private const int MaxWriteBytes = 256 * 1024;

    [ThreadStatic]
    private static Flusher? DeferringThread;

    [ThreadStatic]
    private static int DeferringTurn;

    private Stream? _stream;
    private int _turn;
    private TaskCompletionSource? _stopped;
    private bool _isRunning;
    private long _submitted;
    private long _sent;

    /// <summary>What waits. Under the connection's lock.</summary>
    public SendQueue Queue { get; } = new();

    /// <summary>The place in the stream up to which bytes may have reached the server.</summary>
    public long SubmittedPosition => Volatile.Read(ref _submitted);

    /// <summary>The place in the stream up to which the system has taken the bytes.</summary>
    public long SentPosition => Volatile.Read(ref _sent);

    /// <summary>From now on things are sent, first what has gathered.</summary>
    public void Open(Stream stream)
    {
        bool mustStart;
        lock (gate)
        {
            _stream = stream;
            mustStart = !Queue.IsEmpty && TryBeginFlush();
        }

        if (mustStart)
        {
            Flush(isAlone: false);
        }
    }

    /// <summary>Whether whoever has just put something into the queue must call <see cref="Flush"/>. Under the connection's lock.</summary>
    public bool TryBeginFlush()
    {
        if (_isRunning || _stream is null)
        {
            return false;
        }

        if (ReferenceEquals(DeferringThread, this) && DeferringTurn == _turn)
        {
            DeferredCount++;
            return false;
        }

        return _isRunning = true;
    }

    /// <summary>How often this thread put something into the queue since it began to defer, or has flushed.</summary>
    public int DeferredCount { get; private set; }

    /// <summary>What this thread puts into the queue from now on waits until it says so.</summary>
    public void BeginDefer() => (DeferringThread, DeferringTurn, DeferredCount) = (this, _turn, 0);

    /// <summary>Sends on this thread what it has put into the queue.</summary>
    public void FlushDeferred()
    {
        DeferredCount = 0;
        lock (gate)
        {
            if (_isRunning || _stream is null || Queue.IsEmpty)
            {
                return;
            }

            _isRunning = true;
        }

        _ = FlushAsync(isCallersThread: true);
    }

    /// <summary>Sends on this thread what it has put into the queue, and defers no more.</summary>
    public void EndDefer()
    {
        DeferringThread = null;
        FlushDeferred();
    }

    /// <summary>The thread that defers is stuck: what it has put into the queue is sent by another, and it defers no more.</summary>
    public void FlushOnPool()
    {
        lock (gate)
        {
            _turn++;
            if (_isRunning || _stream is null || Queue.IsEmpty)
            {
                return;
            }

            _isRunning = true;
        }

        Flush(isAlone: false);
    }

    /// <summary>Sends, on this thread if the caller is alone in line.</summary>
    public void Flush(bool isAlone)
    {
        if (isAlone)
        {
            _ = FlushAsync(isCallersThread: true);
        }
        else
        {
            WorkScheduler.Queue(this);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = FlushAsync(isCallersThread: false);

    /// <summary>Nothing is sent any more; completes when nothing is being sent.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            _stream = null;
            if (!_isRunning)
            {
                return Task.CompletedTask;
            }

            _stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _stopped.Task;
        }
    }

    private async Task FlushAsync(bool isCallersThread)
    {
        SendBuffer single = default;
        List<SendBuffer>? parts = null;
        try
        {
            while (TryTake(ref single, ref parts, out var stream))
            {
                if (parts is null)
                {
                    await SendAsync(stream, single).ConfigureAwait(false);
                }
                else
                {
                    foreach (var part in parts)
                    {
                        await SendAsync(stream, part).ConfigureAwait(false);
                    }
                }

                if (isCallersThread && MustHandOver(ref single, ref parts))
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            abort(ConnectionFailure.Lost(settings.Server, e.Message, e));
            Stop();
        }
    }

    private bool TryTake(ref SendBuffer sent, ref List<SendBuffer>? parts, out Stream stream)
    {
        lock (gate)
        {
            Return(ref sent, ref parts);
            if (_stream is null || Queue.IsEmpty)
            {
                stream = null!;
                Stop();
                return false;
            }

            stream = _stream;
            parts = Queue.Take(out sent);
            Volatile.Write(ref _submitted, Queue.Position);
            return true;
        }
    }

    // What has gathered meanwhile is not this caller's to send.
    private bool MustHandOver(ref SendBuffer sent, ref List<SendBuffer>? parts)
    {
        lock (gate)
        {
            if (Queue.IsEmpty)
            {
                return false;
            }

            Return(ref sent, ref parts);
        }

        WorkScheduler.Queue(this);
        return true;
    }

    private void Return(ref SendBuffer sent, ref List<SendBuffer>? parts)
    {
        Queue.Return(sent);
        if (parts is not null)
        {
            foreach (var part in parts)
            {
                Queue.Return(part);
            }
        }

        (sent, parts) = (default, null);
    }

    private void Stop()
    {
        lock (gate)
        {
            _isRunning = false;
            _stopped?.TrySetResult();
        }
    }

    private async ValueTask SendAsync(Stream stream, SendBuffer part)
    {
        for (ReadOnlyMemory<byte> memory = part.Buffer.AsMemory(0, part.Length); !memory.IsEmpty;)
        {
            var now = memory[..Math.Min(memory.Length, MaxWriteBytes)];
            await stream.WriteAsync(now, CancellationToken.None).ConfigureAwait(false);
            memory = memory[now.Length..];
            Volatile.Write(ref _sent, _sent + now.Length);
            settings.Metrics.AddSent(now.Length);
        }
    }
}
