using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Commands that stand together in line. It always ends with all replies, however late, or with the connection.</summary>
internal sealed class GroupOperation(ReadOnlyMemory<MetaCommand> commands, long connectionId) : Operation
{
    private readonly MetaResponse[] _responses = new MetaResponse[commands.Length];
    private readonly TaskCompletionSource<MetaGroupResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;

    public Task<MetaGroupResult> Completion => _completion.Task;

    public override string Name => "group";

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value) =>
        Accept(reply, reply.Code == MetaReplyCode.Value ? value.ToArray() : null);

    public override LargeValue BeginLarge(in MetaReply reply) => new() { Array = GC.AllocateUninitializedArray<byte>(reply.Length) };

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value) => Accept(reply, value.Array);

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        var exception = failure.ToException(Name, outcomeUnknown || _next > 0);
        _completion.TrySetException(exception);

        // Who has given up waiting shall not meet the exception again in the finalizer thread.
        _ = _completion.Task.Exception;
    }

    // The answer always comes, or the connection ends.
    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings) => Tick - tick <= 0;

    private Acceptance Accept(in MetaReply reply, byte[]? value)
    {
        ref readonly var command = ref commands.Span[_next];
        if (!MetaRules.IsLegal(command.Kind, command.Return, reply))
        {
            return Acceptance.Illegal;
        }

        _responses[_next++] = ResponseMaker.Make(reply, value, command.Kind);
        Opaque++;
        if (_next < _responses.Length)
        {
            return Acceptance.More;
        }

        _completion.TrySetResult(new MetaGroupResult(_responses, connectionId));
        return Acceptance.Finished;
    }
}
