using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Sends the commands that callers have queued: everything queued so far by one write, with one write at a time.</summary>
/// <remarks>
/// A flush runs by the <see cref="WorkScheduler"/>, so that commands of concurrent callers are sent together; flushing on the thread of the
/// first caller halves the throughput. Only a caller whose command is the only one in flight flushes on its own thread, since no other
/// command would join it.
/// </remarks>
internal sealed class Flusher(Lock gate, ConnectionSettings settings, Action<ConnectionFailure> abort) : IThreadPoolWorkItem
{
    // A large value is sent in pieces, each of which counts as progress.
    private const int MaxWriteBytes = 256 * 1024;

    [ThreadStatic]
    private static Flusher? DeferringThread;

    [ThreadStatic]
    private static int DeferringTurn;

    private Stream? _stream;
    private int _turn;
    private ScheduledCompletionSource<bool>? _stopped;
    private bool _isRunning;
    private long _submitted;
    private long _sent;

    /// <summary>Gets the queue of unsent bytes. Requires the connection's lock.</summary>
    public SendQueue Queue { get; } = new();

    /// <summary>Gets the position in the stream up to which bytes may have reached the server.</summary>
    public long SubmittedPosition => Volatile.Read(ref _submitted);

    /// <summary>Gets the position in the stream up to which the system has accepted the bytes.</summary>
    public long SentPosition => Volatile.Read(ref _sent);

    /// <summary>Starts to send, first what has been queued already.</summary>
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

    /// <summary>
    /// Returns whether the caller, which has just queued a command, must call <see cref="Flush"/>. Requires the connection's lock.
    /// </summary>
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

    /// <summary>Gets the number of commands that this thread has queued since the last <see cref="BeginDefer"/> or flush.</summary>
    public int DeferredCount { get; private set; }

    /// <summary>Defers the flush of commands that this thread queues from now on until <see cref="FlushDeferred"/>.</summary>
    public void BeginDefer() => (DeferringThread, DeferringTurn, DeferredCount) = (this, _turn, 0);

    /// <summary>Flushes the deferred commands on this thread.</summary>
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

    /// <summary>Flushes the deferred commands on this thread, and ends the deferral.</summary>
    public void EndDefer()
    {
        DeferringThread = null;
        FlushDeferred();
    }

    /// <summary>Ends the deferral of a blocked thread and flushes its commands on another thread.</summary>
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

    /// <summary>Flushes, on this thread if its command is the only one in flight.</summary>
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

    /// <summary>Stops sending; completes when no write is pending.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            _stream = null;
            if (!_isRunning)
            {
                return Task.CompletedTask;
            }

            _stopped = new ScheduledCompletionSource<bool>(SerialWorkQueue.Current);
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

    // Commands queued since are flushed by another thread, not by this caller.
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
            _stopped?.TrySetResult(true);
        }
    }

    private async ValueTask SendAsync(Stream stream, SendBuffer part)
    {
        for (ReadOnlyMemory<byte> memory = part.Buffer.AsMemory(0, part.Length); !memory.IsEmpty;)
        {
            var piece = memory[..Math.Min(memory.Length, MaxWriteBytes)];
            await stream.WriteAsync(piece, CancellationToken.None).ConfigureAwait(false);
            memory = memory[piece.Length..];
            Volatile.Write(ref _sent, _sent + piece.Length);
            settings.Metrics.AddSent(piece.Length);
        }
    }
}
