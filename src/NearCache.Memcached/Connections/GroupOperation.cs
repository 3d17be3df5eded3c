using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>How a group of commands is sent.</summary>
/// <param name="HasTimeout">
/// Whether its caller waits for the operation timeout at most; otherwise the answer comes, however late, or the connection ends.
/// </param>
/// <param name="ConnectionId">The only connection that may carry it; null: the one of the first key.</param>
internal readonly record struct GroupOptions(bool HasTimeout = false, long? ConnectionId = null);

/// <summary>Commands that stand together in line.</summary>
/// <param name="commands">The commands; read by this call alone.</param>
/// <param name="hasTimeout">
/// Whether the caller waits for the operation timeout at most; otherwise it ends with all replies, however late, or with the connection.
/// </param>
/// <param name="connectionId">Of the connection that carries it.</param>
/// <param name="settings">Of the server.</param>
/// <param name="started">When it was called for.</param>
internal sealed class GroupOperation(
    ReadOnlySpan<MetaCommand> commands, bool hasTimeout, long connectionId, ConnectionSettings settings, long started)
    : TaskOperation<MetaGroupResult>(settings, CommandNames.IndexOf(commands), started)
{
    private readonly Expected[] _expected = Expect(commands);
    private readonly MetaResponse[] _responses = new MetaResponse[commands.Length];
    private int _next;

    public override string Name => "group";

    protected override bool HasTimeout => hasTimeout;

    protected override int Unanswered => _expected.Length - Volatile.Read(ref _next);

    public override bool Allows(in MetaReply reply) => _expected[_next].Replies.Allows(reply);

    public override AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) =>
        _expected[_next].Replies.AllowsValue(reply, value)
            ? Accept(reply, reply.Code == MetaReplyCode.Value && !HasEnded ? value.ToArray() : null, now)
            : AcceptResult.Illegal;

    public override LargeValueBuffer BeginLarge(int length) => HasEnded ? default : LargeValueBuffer.Exact(length);

    public override AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now) => Accept(reply, value.Array, now);

    // What has an answer was carried out.
    public override void Fail(ConnectionFailure failure, bool outcomeUnknown) => base.Fail(failure, outcomeUnknown || _next > 0);

    private static Expected[] Expect(ReadOnlySpan<MetaCommand> commands)
    {
        var expected = new Expected[commands.Length];
        for (var i = 0; i < expected.Length; i++)
        {
            expected[i] = new Expected(commands[i].Kind, LegalReplies.For(commands[i]));
        }

        return expected;
    }

    private AcceptResult Accept(in MetaReply reply, byte[]? value, long now)
    {
        var kind = _expected[_next].Kind;
        if (!HasEnded)
        {
            Settings.Metrics.CountReply(CommandNames.OutcomeIndex(kind, MetaRules.StatusOf(reply.Code)));
            _responses[_next] = ResponseFactory.Create(reply, value, kind);
        }

        Opaque++;
        Volatile.Write(ref _next, _next + 1);
        if (_next < _responses.Length)
        {
            return AcceptResult.MoreExpected;
        }

        return Answer(new MetaGroupResult(_responses, connectionId), now);
    }

    private readonly record struct Expected(MetaCommandKind Kind, LegalReplies Replies);
}
