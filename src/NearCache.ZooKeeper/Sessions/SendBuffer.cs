using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Requests that are serialized but not sent, and their bytes. Guarded by the lock of the queue.</summary>
internal sealed class SendBuffer(int maxBytes)
{
    private const int RetainedBytes = 256 * 1024;
    private JuteWriter _bytes = new(RetainedBytes / 16);
    private JuteWriter _taken = new(RetainedBytes / 16);
    private int _id;

    /// <summary>Gets the requests in the order of their bytes.</summary>
    public Queue<Operation> Requests { get; } = new();

    /// <summary>Gets the number of bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Returns the id of the next request.</summary>
    public int NextId() => _id = RequestId.Next(_id);

    /// <summary>Sets the id that precedes the next one.</summary>
    public void SetLastId(int id) => _id = id;

    /// <summary>Serializes a request, or returns an exception if it exceeds the limit of a message.</summary>
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
    /// Returns all bytes to send, and moves their requests to the queue of requests in flight. The bytes are valid until the next call.
    /// </summary>
    public ReadOnlyMemory<byte> Take(Queue<Operation> sent)
    {
        Compact(sent);
        (_bytes, _taken) = (_taken, _bytes);
        _bytes.Clear(RetainedBytes);
        return _taken.Written;
    }

    /// <summary>Removes claimed requests.</summary>
    public void RemoveClaimed() => Compact(sent: null);

    /// <summary>Discards the bytes, after the requests were removed.</summary>
    public void Clear() => _bytes.Clear(RetainedBytes);

    // Removes claimed requests and their bytes. Moves the others to `sent`, if given.
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
