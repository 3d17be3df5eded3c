using System.Text;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>A command of the classic protocol whose answer is lines: version, stats, flush_all.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Statistics", "Other commands"
internal sealed class TextOperation(string name, bool hasManyLines, ConnectionSettings settings, long started) : Operation
{
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource<IReadOnlyList<string>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The lines, without END.</summary>
    public Task<IReadOnlyList<string>> Completion => _completion.Task;

    public override string Name => name;

    public override bool IsText => true;

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) => Acceptance.Illegal;

    public override LargeValue BeginLarge(in MetaReply reply) => default;

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value, long now) => Acceptance.Illegal;

    public override Acceptance AcceptLine(ReadOnlySpan<byte> line)
    {
        var isError = line.StartsWith("ERROR"u8) || line.StartsWith("CLIENT_ERROR"u8) || line.StartsWith("SERVER_ERROR"u8);
        if (hasManyLines && line.SequenceEqual("END"u8))
        {
            Answered(isError);
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
            Answered(isError);
            return Acceptance.Finished;
        }

        return Acceptance.More;
    }

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown) => Failed(failure.ToException(Name, outcomeUnknown));

    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings _)
    {
        if (Tick - tick > 0)
        {
            return false;
        }

        Failed(new MemcachedTimeoutException(
            settings.Server, Name, outcomeUnknown: true, nameof(MemcachedOptions.OperationTimeout), settings.Options.OperationTimeout));
        return true;
    }

    private void Answered(bool isError)
    {
        // One that was given up has been counted.
        var number = CommandNames.NumberOf(name);
        if (_completion.TrySetResult(_lines))
        {
            settings.Metrics.Answered(CommandNames.AnswerTo(number, isError ? MetaStatus.Error : MetaStatus.Ok));
            settings.Metrics.Took(number, started, settings.Metrics.Now());
        }
    }

    private void Failed(Exception exception)
    {
        if (_completion.TrySetException(exception))
        {
            settings.Metrics.Failed(CommandNames.NumberOf(name), 1, started, ErrorTypes.Of(exception));
        }

        _ = _completion.Task.Exception;
    }
}
