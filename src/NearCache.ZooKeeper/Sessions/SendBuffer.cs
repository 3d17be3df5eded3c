using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Requests that are written and wait to be sent, and their bytes. Guarded by the queue's lock.</summary>
internal sealed class SendBuffer(int maxBytes)
{
    private const int RetainedBytes = 256 * 1024;
    private JuteWriter _bytes = new(RetainedBytes / 16);
    private JuteWriter _taken = new(RetainedBytes / 16);
    private int _id;

    /// <summary>In the order of their bytes.</summary>
    public Queue<Operation> Requests { get; } = new();

    /// <summary>How many bytes they take.</summary>
    public int Length => _bytes.Length;

    /// <summary>The id that the next request gets.</summary>
    public int NextId() => _id = RequestId.Next(_id);

    /// <summary>The id after which the next one is taken.</summary>
    public void SetLastId(int id) => _id = id;

    /// <summary>Writes a request behind the others; or, if it is longer than a message may be, says so.</summary>
    public MessageTooLargeException? Write(Operation operation)
    {
        operation.Id = NextId();
        var start = _bytes.BeginFrame();
        _bytes.WriteInt32(operation.Id);
        _bytes.WriteInt32((int)operation.Code);
        operation.WriteTo(_bytes);
        var length = _bytes.EndFrame(start);
        if (length > maxBytes)
        {
            _bytes.Truncate(start);
            return ExceptionFactory.RequestTooLarge(operation.Code, operation.Path, length, maxBytes);
        }

        operation.FrameLength = _bytes.Length - start;
        Requests.Enqueue(operation);
        return null;
    }

    /// <summary>
    /// Hands all bytes out to be sent, and moves the requests to those that are. The bytes are valid until the next call.
    /// </summary>
    public ReadOnlyMemory<byte> Take(Queue<Operation> sent)
    {
        Compact(sent);
        (_bytes, _taken) = (_taken, _bytes);
        _bytes.Clear(RetainedBytes);
        return _taken.Written;
    }

    /// <summary>Takes out what nobody waits for any more.</summary>
    public void RemoveClaimed() => Compact(sent: null);

    /// <summary>Forgets the bytes of requests that were taken out otherwise.</summary>
    public void Clear() => _bytes.Clear(RetainedBytes);

    // Goes through what is written, leaves out what nobody waits for any more, and moves the rest to the sent ones if it is about to be
    // sent.
    private void Compact(Queue<Operation>? sent)
    {
        var (from, to) = (0, 0);
        for (var left = Requests.Count; left > 0; left--)
        {
            var operation = Requests.Dequeue();
            if (sent is null ? operation.IsClaimed : !operation.TryMarkSent())
            {
                operation.Release();
            }
            else
            {
                if (from != to)
                {
                    _bytes.Move(from, to, operation.FrameLength);
                }

                to += operation.FrameLength;
                (sent ?? Requests).Enqueue(operation);
            }

            from += operation.FrameLength;
        }

        _bytes.Truncate(to);
    }
}
