using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Commands that stand together in line. It always ends with all replies, however late, or with the connection.</summary>
internal sealed class GroupOperation(ReadOnlyMemory<MetaCommand> commands, long connectionId, ConnectionSettings settings, long started) : Operation
{
    private readonly MetaResponse[] _responses = new MetaResponse[commands.Length];
    private readonly TaskCompletionSource<MetaGroupResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;

    public Task<MetaGroupResult> Completion => _completion.Task;

    public override string Name => "group";

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) =>
        Accept(reply, reply.Code == MetaReplyCode.Value ? value.ToArray() : null, now);

    public override LargeValue BeginLarge(in MetaReply reply) => new() { Array = GC.AllocateUninitializedArray<byte>(reply.Length) };

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value, long now) => Accept(reply, value.Array, now);

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        var exception = failure.ToException(Name, outcomeUnknown || _next > 0);
        settings.Metrics.Failed(CommandNames.NumberOf(commands.Span), commands.Length - _next, started, ErrorTypes.Of(exception));
        _completion.TrySetException(exception);

        // Who has given up waiting shall not meet the exception again in the finalizer thread.
        _ = _completion.Task.Exception;
    }

    // The answer always comes, or the connection ends.
    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings) => Tick - tick <= 0;

    private Acceptance Accept(in MetaReply reply, byte[]? value, long now)
    {
        ref readonly var command = ref commands.Span[_next];
        if (!MetaRules.IsLegal(command.Kind, command.Return, reply))
        {
            return Acceptance.Illegal;
        }

        settings.Metrics.Answered(CommandNames.AnswerTo(command.Kind, MetaRules.StatusOf(reply.Code)));
        _responses[_next++] = ResponseMaker.Make(reply, value, command.Kind);
        Opaque++;
        if (_next < _responses.Length)
        {
            return Acceptance.More;
        }

        settings.Metrics.Took(CommandNames.NumberOf(commands.Span), started, now);
        _completion.TrySetResult(new MetaGroupResult(_responses, connectionId));
        return Acceptance.Finished;
    }
}
