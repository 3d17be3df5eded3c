using System.Buffers;
using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Understands what a server sends and gives each reply to the operation that is first in line.</summary>
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

    /// <summary>The number of the operation whose reply comes next.</summary>
    public long NextNumber { get; private set; }

    /// <summary>Where the next bytes go.</summary>
    public Memory<byte> FreeBuffer => _buffer.AsMemory(_end);

    /// <summary>Operations that were answered and whose callers are still to be told.</summary>
    public CompletionBatch Completions { get; } = new();

    /// <summary>Whether a value comes that is larger than what has arrived: <see cref="ReadLargeValueAsync"/> must be called.</summary>
    public bool HasLargeValue => _largeOwner is not null;

    /// <summary>So many bytes were put into <see cref="FreeBuffer"/>.</summary>
    public void Advance(int count)
    {
        pending.OnBytesReceived(count);
        _end += count;
    }

    /// <summary>Nothing more is read.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <summary>Reads what has arrived, as far as it goes or until a value comes that is larger than that.</summary>
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
            return ConnectionFailure.ProtocolError(server, $"the reply to {operation.Name} repeats the number of another command");
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
                : ConnectionFailure.ProtocolError(server, "no line end follows a value");
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
        // Read now: once it has accepted its reply, its caller may use it again.
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
        switch (operation.AcceptLine(input[..end].TrimEnd((byte)'\r')))
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
                return ConnectionFailure.ProtocolError(server, $"a line that is no answer to {operation.Name}");
            default:
                return null;
        }
    }

    /// <summary>Takes the large value to its place as it comes, and then reads on.</summary>
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
            return ConnectionFailure.ProtocolError(server, "no line end follows a value");
        }

        _start += 2;
        switch (operation.AcceptLarge(reply, value, pending.GetTimestamp()))
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
            : ConnectionFailure.ProtocolError(server, "a reply came that nothing was asked for");
    }

    private ConnectionFailure IllegalReply(Operation operation, in MetaReply reply) =>
        reply.Error?.StartsWith("ERROR Too many open connections", StringComparison.Ordinal) == true
        ? ConnectionFailure.Full(server)
        : ConnectionFailure.ProtocolError(server, $"{reply.Error ?? reply.Code.ToString()} is no answer to {operation.Name}");

    // At most the first word: the rest might be a key or a value.
    private ConnectionFailure ProtocolError(Operation operation)
    {
        var word = _buffer.AsSpan(_start, Math.Min(_end - _start, 12));
        var space = word.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        return ConnectionFailure.ProtocolError(
            server, $"'{Encoding.ASCII.GetString(space < 0 ? word : word[..space])}' begins no answer to {operation.Name}");
    }
}
