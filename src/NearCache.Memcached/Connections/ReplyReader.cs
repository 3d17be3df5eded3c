using System.Buffers;
using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Parses the bytes of a server and passes each reply to the oldest pending operation.</summary>
internal sealed class ReplyReader(
    Stream stream, IPendingOperations pending, string server, bool verifies, bool verifiesMisses, int maxValueBytes)
{
    private const int BufferSize = 128 * 1024;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start;
    private int _end;
    private int _commands;
    private long _bytes;
    private long _now;
    private MetaReply _large;
    private Operation? _largeOwner;

    /// <summary>Gets the number of the operation whose reply comes next.</summary>
    public long NextNumber { get; private set; }

    /// <summary>Gets the memory for the next bytes.</summary>
    public Memory<byte> FreeBuffer => _buffer.AsMemory(_end);

    /// <summary>Gets the completed operations whose continuations are still to run.</summary>
    public CompletionBatch Completions { get; } = new();

    /// <summary>
    /// Gets a value that indicates whether a value has not arrived completely, so that <see cref="ReadLargeValueAsync"/> must be called.
    /// </summary>
    public bool HasLargeValue => _largeOwner is not null;

    /// <summary>Records the number of bytes written to <see cref="FreeBuffer"/>.</summary>
    public void Advance(int count)
    {
        pending.OnBytesReceived(count);
        _end += count;
    }

    /// <summary>Returns the buffer to the pool. No member may be called afterward.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <summary>Parses everything that has arrived, or up to a value that has not arrived completely.</summary>
    public ConnectionFailure? Read()
    {
        ConnectionFailure? failure = null;
        _now = pending.GetTimestamp();
        while (_start < _end && _largeOwner is null && failure is null)
        {
            var operation = pending.Peek(NextNumber);
            if (operation is null)
            {
                failure = UnsolicitedReply();
                break;
            }

            var before = _start;
            failure = operation.IsText ? ReadLine(operation) : ReadReply(operation);
            if (_start == before)
            {
                break;
            }
        }

        pending.OnCompleted(NextNumber, _commands, _bytes);
        (_commands, _bytes) = (0, 0);
        if (_largeOwner is null)
        {
            Compact();
        }

        return failure;
    }

    private ConnectionFailure? ReadReply(Operation operation)
    {
        var input = _buffer.AsSpan(_start, _end - _start);
        switch (MetaReplyReader.TryRead(input, out var reply, out var consumed))
        {
            case ReadStatus.Incomplete:
                return null;
            case ReadStatus.Malformed:
                return ProtocolError(operation);
        }

        if (verifies && !HasExpectedOpaque(operation, reply))
        {
            return ConnectionFailure.ProtocolError(server, $"the reply to {operation.Name} has the number of another command");
        }

        if (!operation.Allows(reply))
        {
            return IllegalReply(operation, reply);
        }

        if (reply.Code != MetaReplyCode.Value)
        {
            return Take(operation, reply, [], consumed);
        }

        if (reply.Length > maxValueBytes)
        {
            return ConnectionFailure.ProtocolError(server, $"a value of {reply.Length} bytes was announced");
        }

        var total = consumed + reply.Length + 2;
        if (total <= input.Length)
        {
            return input[total - 2] == '\r' && input[total - 1] == '\n'
                ? Take(operation, reply, input.Slice(consumed, reply.Length), total)
                : ConnectionFailure.ProtocolError(server, "a value is not followed by a line end");
        }

        if (total > BufferSize / 2)
        {
            _start += consumed;
            (_large, _largeOwner) = (reply, operation);
        }

        return null;
    }

    private ConnectionFailure? Take(Operation operation, in MetaReply reply, ReadOnlySpan<byte> value, int consumed)
    {
        // Read before Accept: afterward the caller may reuse the operation.
        var (commands, bytes) = (operation.Commands, operation.End - operation.Start);
        _start += consumed;
        switch (operation.Accept(reply, value, _now))
        {
            case AcceptResult.CompletedWithWaiter:
                Completions.Add(operation);
                goto case AcceptResult.Completed;
            case AcceptResult.Completed:
                NextNumber++;
                _commands += commands;
                _bytes += bytes;
                return null;
            case AcceptResult.Illegal:
                return IllegalReply(operation, reply);
            default:
                return null;
        }
    }

    private ConnectionFailure? ReadLine(Operation operation)
    {
        var input = _buffer.AsSpan(_start, _end - _start);
        var end = input.IndexOf((byte)'\n');
        if (end < 0)
        {
            return input.Length > MetaReplyReader.MaxLineLength ? ProtocolError(operation) : null;
        }

        var (commands, bytes) = (operation.Commands, operation.End - operation.Start);
        _start += end + 1;
        var result = operation.AcceptLine(input[..end].TrimEnd((byte)'\r'));
        return TryFinish(operation, result, commands, bytes)
            ? null
            : ConnectionFailure.ProtocolError(server, $"a line that is not a reply to {operation.Name}");
    }

    /// <summary>Reads a large value into its buffer as it arrives.</summary>
    public async ValueTask<ConnectionFailure?> ReadLargeValueAsync()
    {
        var operation = _largeOwner!;
        var (reply, commands, bytes) = (_large, operation.Commands, operation.End - operation.Start);
        _largeOwner = null;
        var value = operation.BeginLarge(reply.Length);
        for (var offset = 0; offset < reply.Length;)
        {
            var count = _end - _start;
            if (count > 0)
            {
                count = Math.Min(count, reply.Length - offset);
                if (value.Array is not null)
                {
                    var memory = value.After(offset);
                    count = Math.Min(count, memory.Length);
                    _buffer.AsSpan(_start, count).CopyTo(memory.Span);
                }

                _start += count;
            }
            else
            {
                (_start, _end) = (0, 0);
                var target = value.Array is not null
                    ? value.After(offset)
                    : _buffer.AsMemory(0, Math.Min(_buffer.Length, reply.Length - offset));
                count = await stream.ReadAsync(target, CancellationToken.None).ConfigureAwait(false);
                if (count == 0)
                {
                    return ConnectionFailure.Lost(server, "the server closed it within a value", null);
                }

                pending.OnBytesReceived(count);
            }

            offset += count;
        }

        if (await ReadLineEndAsync().ConfigureAwait(false) is { } failure)
        {
            return failure;
        }

        var result = operation.AcceptLarge(reply, value, pending.GetTimestamp());
        return TryFinish(operation, result, commands, bytes)
            ? null
            : IllegalReply(operation, reply);
    }

    private async ValueTask<ConnectionFailure?> ReadLineEndAsync()
    {
        while (_end - _start < 2)
        {
            Compact();
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None).ConfigureAwait(false);
            if (count == 0)
            {
                return ConnectionFailure.Lost(server, "the server closed it within a value", null);
            }

            pending.OnBytesReceived(count);
            _end += count;
        }

        if (_buffer[_start] != '\r' || _buffer[_start + 1] != '\n')
        {
            return ConnectionFailure.ProtocolError(server, "a value is not followed by a line end");
        }

        _start += 2;
        return null;
    }

    // Returns false if the reply is illegal.
    private bool TryFinish(Operation operation, AcceptResult result, int commands, long bytes)
    {
        if (result is AcceptResult.Completed or AcceptResult.CompletedWithWaiter)
        {
            NextNumber++;
            _commands += commands;
            _bytes += bytes;
            if (result == AcceptResult.CompletedWithWaiter)
            {
                Completions.Add(operation);
            }
        }

        return result != AcceptResult.Illegal;
    }

    private bool HasExpectedOpaque(Operation operation, in MetaReply reply) => (reply.Flags & MetaReplyFlags.HasOpaque) != 0
        ? reply.Opaque == operation.Opaque
        : reply.Code >= MetaReplyCode.NoOp || (reply.Code == MetaReplyCode.Miss && !verifiesMisses);

    private void Compact()
    {
        var rest = _end - _start;
        if (rest == 0)
        {
            (_start, _end) = (0, 0);
        }
        else if (_start > 0 && _buffer.Length - _end < BufferSize / 2)
        {
            _buffer.AsSpan(_start, rest).CopyTo(_buffer);
            (_start, _end) = (0, rest);
        }
    }

    private ConnectionFailure? UnsolicitedReply()
    {
        var input = _buffer.AsSpan(_start, _end - _start);
        return input.StartsWith("ERROR Too many open connections"u8)
            ? ConnectionFailure.Full(server)
            : ConnectionFailure.ProtocolError(server, "an unsolicited reply arrived");
    }

    private ConnectionFailure IllegalReply(Operation operation, in MetaReply reply) =>
        reply.Error?.StartsWith("ERROR Too many open connections", StringComparison.Ordinal) == true
        ? ConnectionFailure.Full(server)
        : ConnectionFailure.ProtocolError(server, $"{reply.Error ?? reply.Code.ToString()} is not a reply to {operation.Name}");

    // Quotes at most the first word, since the rest may be a key or a value.
    private ConnectionFailure ProtocolError(Operation operation)
    {
        var word = _buffer.AsSpan(_start, Math.Min(_end - _start, 12));
        var space = word.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        return ConnectionFailure.ProtocolError(
            server, $"'{Encoding.ASCII.GetString(space < 0 ? word : word[..space])}' does not start a reply to {operation.Name}");
    }
}
