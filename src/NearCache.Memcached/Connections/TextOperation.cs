using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>A command of the classic protocol whose answer is lines: version, stats, flush_all.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Statistics", "Other commands"
internal sealed class TextOperation(string name, bool hasManyLines) : Operation
{
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource<IReadOnlyList<string>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The lines, without END.</summary>
    public Task<IReadOnlyList<string>> Completion => _completion.Task;

    public override string Name => name;

    public override bool IsText => true;

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value) => Acceptance.Illegal;

    public override LargeValue BeginLarge(in MetaReply reply) => default;

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value) => Acceptance.Illegal;

    public override Acceptance AcceptLine(ReadOnlySpan<byte> line)
    {
        var isError = line.StartsWith("ERROR"u8) || line.StartsWith("CLIENT_ERROR"u8) || line.StartsWith("SERVER_ERROR"u8);
        if (hasManyLines && line.SequenceEqual("END"u8))
        {
            _completion.TrySetResult(_lines);
            return Acceptance.Finished;
        }

        if (hasManyLines && !isError && !line.StartsWith("STAT "u8) && !line.SequenceEqual("RESET"u8))
        {
            return Acceptance.Illegal;
        }

        if (!hasManyLines && !isError && !line.StartsWith("VERSION "u8) && !line.SequenceEqual("OK"u8))
        {
            return Acceptance.Illegal;
        }

        _lines.Add(Encoding.UTF8.GetString(line));
        if (!hasManyLines || isError || line.SequenceEqual("RESET"u8))
        {
            _completion.TrySetResult(_lines);
            return Acceptance.Finished;
        }

        return Acceptance.More;
    }

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        _completion.TrySetException(failure.ToException(Name, outcomeUnknown));
        _ = _completion.Task.Exception;
    }

    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings)
    {
        if (Tick - tick > 0)
        {
            return false;
        }

        _completion.TrySetException(new MemcachedTimeoutException(
            settings.Server, Name, outcomeUnknown: true, nameof(MemcachedOptions.OperationTimeout), settings.Options.OperationTimeout));
        _ = _completion.Task.Exception;
        return true;
    }
}
