using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The requests of all callers, in order: those that wait for capacity, those in the send buffer, and those in flight. Thread-safe.
/// </summary>
/// <remarks>
/// The queue outlives connections: requests that were not sent go out on the next one. Every part is bounded. No code of a caller runs
/// inside its lock. The argument of <c>signalSend</c> is whether the send loop may run on the calling thread.
/// </remarks>
internal sealed class RequestQueue(QueueLimits limits, Action<bool> signalSend)
{
    private const int RetainedBytes = 64 * 1024;
    private readonly Lock _lock = new();   // guards all fields below
    private readonly Queue<Operation> _waiting = new();
    private readonly SendBuffer _written = new(limits.Message);
    private readonly Queue<Operation> _sent = new();
    private JuteWriter _control = new(256);
    private JuteWriter _takenControl = new(256);
    private Func<Operation, Exception>? _refusal;
    private bool _isAttached;
    private bool _isSending;

    /// <summary>Gets the number of requests without a reply.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + _written.Requests.Count + _sent.Count;
            }
        }
    }

    /// <summary>Adds a request, or fails it.</summary>
    public void Add(Operation operation)
    {
        Exception? refused = null;
        var (mustSignal, isAlone) = (false, false);
        lock (_lock)
        {
            if (_refusal is not null)
            {
                refused = _refusal(operation);
            }
            else if (_waiting.Count == 0 && HasCapacity)
            {
                refused = _written.Write(operation);
                mustSignal = refused is null && TryBeginSending();

                // A single request gains nothing by waiting for others.
                isAlone = _sent.Count == 0 && _written.Requests.Count == 1;
            }
            else if (_waiting.Count < limits.Waiting)
            {
                _waiting.Enqueue(operation);
            }
            else
            {
                refused = ExceptionFactory.QueueFull(operation.Code, operation.Path, limits.Waiting);
            }
        }

        if (refused is not null)
        {
            operation.Reject(refused);
        }
        else if (mustSignal)
        {
            signalSend(isAlone);
        }
    }

    /// <summary>Writes a message outside the order of requests, for example a ping. Discarded if there is no connection.</summary>
    public void AddControl(Action<JuteWriter> write)
    {
        bool mustSignal;
        lock (_lock)
        {
            if (!_isAttached)
            {
                return;
            }

            WriteControl(write);
            mustSignal = TryBeginSending();
        }

        if (mustSignal)
        {
            signalSend(false);
        }
    }

    /// <summary>
    /// Starts sending on a new connection. <c>signalSend</c> is called whenever there are bytes and the send loop is idle.
    /// </summary>
    /// <param name="first">The messages that precede all requests.</param>
    public void Attach(IEnumerable<Action<JuteWriter>> first)
    {
        bool mustSignal;
        lock (_lock)
        {
            _isAttached = true;
            foreach (var write in first)
            {
                WriteControl(write);
            }

            mustSignal = TryBeginSending();
        }

        if (mustSignal)
        {
            signalSend(false);
        }
    }

    /// <summary>Takes the bytes to send next. Called by the send loop after <c>signalSend</c>, until it returns false.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            if (_isAttached && _control.Length > 0)
            {
                (_control, _takenControl) = (_takenControl, _control);
                _control.Clear(RetainedBytes);
                bytes = _takenControl.Written;
                return true;
            }

            if (_isAttached)
            {
                bytes = _written.Take(_sent);
                WriteWaiting();
                if (bytes.Length > 0)
                {
                    return true;
                }
            }

            bytes = default;
            _isSending = false;
            return false;
        }
    }

    /// <summary>Returns whether a request sent before an instant has no reply yet.</summary>
    public bool HasUnansweredBefore(TimeSpan instant)
    {
        lock (_lock)
        {
            return _sent.TryPeek(out var oldest) && oldest.Started < instant;
        }
    }

    /// <summary>Removes and returns the request that a reply answers.</summary>
    /// <exception cref="JuteFormatException">The reply does not answer the oldest request in flight, so the stream is invalid.</exception>
    public Operation DequeueForReply(int id)
    {
        Operation operation;
        var mustSignal = false;
        lock (_lock)
        {
            if (!_sent.TryPeek(out operation!) || operation.Id != id)
            {
                var expected = operation is null ? "none" : $"{operation.Id}";
                throw new JuteFormatException($"The reply has the id {id}, but {expected} is expected.");
            }

            _sent.Dequeue();
            if (_waiting.Count > 0)
            {
                WriteWaiting();
                mustSignal = TryBeginSending();
            }
        }

        if (mustSignal)
        {
            signalSend(false);
        }

        return operation;
    }

    /// <summary>Fails the requests whose call began before <paramref name="oldest"/>.</summary>
    public void TimeOut(TimeSpan oldest, Func<Operation, bool, Exception> reason)
    {
        lock (_lock)
        {
            TimeOut(_sent, oldest, reason);
            TimeOut(_written.Requests, oldest, reason);
            TimeOut(_waiting, oldest, reason);
            while (_waiting.TryPeek(out var first) && first.IsClaimed)
            {
                _waiting.Dequeue().Release();
            }

            if (!_isAttached)
            {
                _written.RemoveClaimed();
                WriteWaiting();
            }
        }
    }

    /// <summary>
    /// Stops sending because the connection ended. Requests in flight fail with an unknown outcome; the others wait for the next
    /// connection.
    /// </summary>
    public void Detach(Func<Operation, bool, Exception> reason)
    {
        lock (_lock)
        {
            (_isAttached, _isSending) = (false, false);
            _control.Clear(RetainedBytes);
            FailAll(_sent, reason);
            WriteWaiting();
        }
    }

    /// <summary>Fails all requests.</summary>
    /// <param name="reason">Creates the exception of a request. The flag is whether it was sent.</param>
    /// <param name="refusal">Creates the exception of later requests; null: they are accepted.</param>
    public void FailAll(Func<Operation, bool, Exception> reason, Func<Operation, Exception>? refusal)
    {
        lock (_lock)
        {
            _refusal = refusal;
            FailAll(_sent, reason);
            FailAll(_written.Requests, reason);
            FailAll(_waiting, reason);
            _written.Clear();
        }
    }

    /// <summary>Accepts requests again.</summary>
    public void Reopen()
    {
        lock (_lock)
        {
            _refusal = null;
        }
    }

    /// <summary>Returns an id for a request that does not go through the queue.</summary>
    public int NextId()
    {
        lock (_lock)
        {
            return _written.NextId();
        }
    }

    /// <summary>Sets the id that precedes the next one. For tests.</summary>
    internal void SetLastId(int id)
    {
        lock (_lock)
        {
            _written.SetLastId(id);
        }
    }

    private bool HasCapacity => _written.Requests.Count + _sent.Count < limits.Outstanding && _written.Length < limits.Bytes;

    private bool TryBeginSending() => _isAttached && !_isSending && (_written.Length > 0 || _control.Length > 0) && (_isSending = true);

    private void WriteControl(Action<JuteWriter> write)
    {
        var start = _control.BeginFrame();
        write(_control);
        _control.EndFrame(start);
    }

    private void WriteWaiting()
    {
        while (HasCapacity && _waiting.TryDequeue(out var operation))
        {
            if (operation.IsClaimed)
            {
                operation.Release();
            }
            else if (_written.Write(operation) is { } tooLarge)
            {
                operation.Reject(tooLarge);
            }
        }
    }

    // The queue is ordered by time.
    private static void TimeOut(Queue<Operation> queue, TimeSpan oldest, Func<Operation, bool, Exception> reason)
    {
        foreach (var operation in queue)
        {
            if (operation.Started >= oldest)
            {
                break;
            }

            operation.TryFail(reason);
        }
    }

    private static void FailAll(Queue<Operation> queue, Func<Operation, bool, Exception> reason)
    {
        while (queue.TryDequeue(out var operation))
        {
            operation.TryFail(reason);
            operation.Release();
        }
    }
}

/// <summary>The capacity of a request queue.</summary>
/// <param name="Message">Bytes of one message.</param>
/// <param name="Outstanding">Requests that are written but not answered.</param>
/// <param name="Bytes">Bytes that are written but not sent.</param>
/// <param name="Waiting">Requests that wait to be written.</param>
internal readonly record struct QueueLimits(int Message, int Outstanding, int Bytes, int Waiting);
