using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The requests of all callers, in order: those that wait for room, those that are written and wait to be sent, those that wait for their
/// reply.
/// </summary>
/// <remarks>
/// It outlives connections: what was not sent yet goes out on the next one. Everything in it is bounded. Nothing of a caller's runs inside
/// its lock. <c>signalSend</c> is told whether the sender had best run at once, on the calling thread.
/// </remarks>
internal sealed class RequestQueue(QueueLimits limits, Action<bool> signalSend)
{
    private const int RetainedBytes = 64 * 1024;
    private readonly Lock _lock = new();   // guards everything below
    private readonly Queue<Operation> _waiting = new();
    private readonly SendBuffer _written = new(limits.Message);
    private readonly Queue<Operation> _sent = new();
    private JuteWriter _control = new(256);
    private JuteWriter _takenControl = new(256);
    private Func<Operation, Exception>? _refusal;
    private bool _isAttached;
    private bool _isTaking;

    /// <summary>Requests that were not answered yet, wherever they are.</summary>
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

    /// <summary>Takes a request in, or fails it.</summary>
    public void Add(Operation operation)
    {
        Exception? refused = null;
        var (mustWake, isAlone) = (false, false);
        lock (_lock)
        {
            if (_refusal is not null)
            {
                refused = _refusal(operation);
            }
            else if (_waiting.Count == 0 && HasRoom)
            {
                refused = _written.Write(operation);
                mustWake = refused is null && TryBeginTaking();

                // One that is alone gains nothing by waiting for others to be sent with.
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
        else if (mustWake)
        {
            signalSend(isAlone);
        }
    }

    /// <summary>Writes a message that has no place in line (a ping, for instance); dropped when there is no connection.</summary>
    public void AddControl(Action<JuteWriter> write)
    {
        bool mustWake;
        lock (_lock)
        {
            if (!_isAttached)
            {
                return;
            }

            WriteControl(write);
            mustWake = TryBeginTaking();
        }

        if (mustWake)
        {
            signalSend(false);
        }
    }

    /// <summary>There is a connection: from now on <c>signalSend</c> is called when there is something to take and nobody takes.</summary>
    /// <param name="first">The messages that go before everything else.</param>
    public void Attach(IEnumerable<Action<JuteWriter>> first)
    {
        bool mustWake;
        lock (_lock)
        {
            _isAttached = true;
            foreach (var write in first)
            {
                WriteControl(write);
            }

            mustWake = TryBeginTaking();
        }

        if (mustWake)
        {
            signalSend(false);
        }
    }

    /// <summary>The bytes to send next. To be called, after <c>signalSend</c>, until it says that there are none; one at a time.</summary>
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
            _isTaking = false;
            return false;
        }
    }

    /// <summary>Whether a request that was sent before <paramref name="instant"/> has no answer yet.</summary>
    public bool HasUnansweredBefore(TimeSpan instant)
    {
        lock (_lock)
        {
            return _sent.TryPeek(out var oldest) && oldest.Started < instant;
        }
    }

    /// <summary>The request that the reply with this id answers.</summary>
    /// <exception cref="JuteFormatException">
    /// It answers none, or another one than the next in line: the stream is not understood.
    /// </exception>
    public Operation DequeueForReply(int id)
    {
        Operation operation;
        var mustWake = false;
        lock (_lock)
        {
            if (!_sent.TryPeek(out operation!) || operation.Id != id)
            {
                throw new JuteFormatException($"A reply with the id {id} where {(operation is null ? "none" : $"{operation.Id}")} is due.");
            }

            _sent.Dequeue();
            if (_waiting.Count > 0)
            {
                WriteWaiting();
                mustWake = TryBeginTaking();
            }
        }

        if (mustWake)
        {
            signalSend(false);
        }

        return operation;
    }

    /// <summary>Fails the requests that were made before <paramref name="oldest"/>.</summary>
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
    /// The connection is lost and nobody takes any more: what was sent has an unknown outcome, what was not waits for the next one.
    /// </summary>
    public void Detach(Func<Operation, bool, Exception> reason)
    {
        lock (_lock)
        {
            (_isAttached, _isTaking) = (false, false);
            _control.Clear(RetainedBytes);
            FailAll(_sent, reason);
            WriteWaiting();
        }
    }

    /// <summary>Fails everything.</summary>
    /// <param name="reason">Makes the exception of a request, which was sent or not.</param>
    /// <param name="refusal">Why new requests are refused; null: they are not.</param>
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

    /// <summary>Takes requests again.</summary>
    public void Reopen()
    {
        lock (_lock)
        {
            _refusal = null;
        }
    }

    /// <summary>For a request that goes another way than through the queue.</summary>
    public int NextId()
    {
        lock (_lock)
        {
            return _written.NextId();
        }
    }

    /// <summary>For tests: the id after which the next one is taken.</summary>
    internal void SetLastId(int id)
    {
        lock (_lock)
        {
            _written.SetLastId(id);
        }
    }

    private bool HasRoom => _written.Requests.Count + _sent.Count < limits.Outstanding && _written.Length < limits.Bytes;

    private bool TryBeginTaking() => _isAttached && !_isTaking && (_written.Length > 0 || _control.Length > 0) && (_isTaking = true);

    private void WriteControl(Action<JuteWriter> write)
    {
        var start = _control.BeginFrame();
        write(_control);
        _control.EndFrame(start);
    }

    private void WriteWaiting()
    {
        while (HasRoom && _waiting.TryDequeue(out var operation))
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

    // The oldest stand first.
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

/// <summary>What a request queue holds at most.</summary>
/// <param name="Message">Bytes of one message.</param>
/// <param name="Outstanding">Requests that are written but not answered.</param>
/// <param name="Bytes">Bytes that are written but not sent.</param>
/// <param name="Waiting">Requests that wait to be written.</param>
internal readonly record struct QueueLimits(int Message, int Outstanding, int Bytes, int Waiting);
