using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Options of a group of commands.</summary>
/// <param name="HasTimeout">Whether the operation timeout applies. Otherwise the group completes with its replies, however late, or with
/// the end of the connection.</param>
/// <param name="ConnectionId">The id of the connection that must carry the group. If null, the connection of the first key.</param>
/// <param name="MaxValueBytes">The size above which a value is read and dropped, so that its reply has none. Null drops none.</param>
internal readonly record struct GroupOptions(bool HasTimeout = false, long? ConnectionId = null, int? MaxValueBytes = null);

/// <summary>An operation of several commands that are queued together.</summary>
/// <param name="commands">The commands; accessed by the constructor only.</param>
/// <param name="options">The options of the group.</param>
/// <param name="connectionId">The id of the connection that carries the group.</param>
/// <param name="settings">The settings of the server.</param>
/// <param name="started">The timestamp of the call.</param>
internal sealed class GroupOperation(
    ReadOnlySpan<MetaCommand> commands, GroupOptions options, long connectionId, ConnectionSettings settings, long started)
    : TaskOperation<MetaGroupResult>(settings, CommandNames.IndexOf(commands), started)
{
    private readonly Expected[] _expected = Expect(commands);
    private readonly MetaResponse[] _responses = new MetaResponse[commands.Length];
    private int _next;

    public override string Name => "group";

    protected override bool HasTimeout => options.HasTimeout;

    protected override int Unanswered => _expected.Length - Volatile.Read(ref _next);

    public override bool Allows(in MetaReply reply) => _expected[_next].Replies.Allows(reply);

    public override AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) =>
        _expected[_next].Replies.AllowsValue(reply, value)
            ? Accept(reply, reply.Code == MetaReplyCode.Value && IsKept(value.Length) ? value.ToArray() : null, now)
            : AcceptResult.Illegal;

    public override LargeValueBuffer BeginLarge(int length) => IsKept(length) ? LargeValueBuffer.Exact(length) : default;

    public override AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now) => Accept(reply, value.Array, now);

    // The outcome is unknown as soon as one command has been answered.
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

    private bool IsKept(int length) => !HasEnded && !(length > options.MaxValueBytes);

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

        return EndWithResult(new MetaGroupResult(_responses, connectionId), now);
    }

    private readonly record struct Expected(MetaCommandKind Kind, LegalReplies Replies);
}
