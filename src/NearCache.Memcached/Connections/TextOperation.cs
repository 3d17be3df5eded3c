using System.Text;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>The reply to a command of the classic protocol.</summary>
/// <param name="Lines">The lines without END.</param>
/// <param name="Error">The server's error message, or null.</param>
internal sealed record TextReply(IReadOnlyList<string> Lines, string? Error);

/// <summary>An operation of the classic protocol whose reply is lines: version, stats, flush_all.</summary>
internal sealed class TextOperation(TextCommand command, ConnectionSettings settings, long started)
    : TaskOperation<TextReply>(settings, CommandNames.IndexOf(command.Line), started)
{
    // More than the statistics of a hundred thousand connections.
    private const int MaxBytes = 32 << 20;
    private readonly List<string> _lines = [];
    private int _bytes;

    public override string Name => command.Line;

    public override bool IsText => true;

    protected override int Unanswered => 1;

    public override bool Allows(in MetaReply reply) => false;

    public override AcceptResult Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) => AcceptResult.Illegal;

    public override LargeValueBuffer BeginLarge(int length) => default;

    public override AcceptResult AcceptLarge(in MetaReply reply, in LargeValueBuffer value, long now) => AcceptResult.Illegal;

    public override AcceptResult AcceptLine(ReadOnlySpan<byte> line)
    {
        var kind = command.Read(line);
        _bytes += line.Length;
        if (kind == TextLineKind.Illegal || _bytes > MaxBytes)
        {
            return AcceptResult.Illegal;
        }

        if (kind is TextLineKind.OneOfSeveral or TextLineKind.Only && !HasEnded)
        {
            _lines.Add(Encoding.UTF8.GetString(line));
        }

        if (kind == TextLineKind.OneOfSeveral)
        {
            return AcceptResult.MoreExpected;
        }

        return EndWithReply(kind == TextLineKind.Error ? Encoding.UTF8.GetString(line) : null);
    }

    private AcceptResult EndWithReply(string? error)
    {
        if (HasEnded)
        {
            // A canceled operation has been counted already.
            return AcceptResult.Completed;
        }

        Settings.Metrics.CountReply(
            CommandNames.OutcomeIndex(CommandNames.IndexOf(command.Line), error is null ? MetaStatus.Ok : MetaStatus.Error));
        return EndWithResult(new TextReply(_lines, error), Settings.Metrics.GetTimestamp(), error is null ? null : ErrorTypes.ServerError);
    }
}
