using System.Text;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>A command of the classic protocol whose answer is lines: version, stats, flush_all.</summary>
internal sealed class TextOperation(TextCommand command, ConnectionSettings settings, long started)
    : TaskOperation<TextReply>(settings, CommandNames.NumberOf(command.Line), started)
{
    // Of a hundred thousand connections the server says less.
    private const int MostBytes = 32 << 20;
    private readonly List<string> _lines = [];
    private int _bytes;

    public override string Name => command.Line;

    public override bool IsText => true;

    protected override int Unanswered => 1;

    public override bool Allows(in MetaReply reply) => false;

    public override Acceptance Accept(in MetaReply reply, ReadOnlySpan<byte> value, long now) => Acceptance.Illegal;

    public override LargeValue BeginLarge(int length) => default;

    public override Acceptance AcceptLarge(in MetaReply reply, in LargeValue value, long now) => Acceptance.Illegal;

    public override Acceptance AcceptLine(ReadOnlySpan<byte> line)
    {
        var kind = command.Read(line);
        _bytes += line.Length;
        if (kind == TextLine.Illegal || _bytes > MostBytes)
        {
            return Acceptance.Illegal;
        }

        if (kind is TextLine.OneOfMany or TextLine.Only && !HasEnded)
        {
            _lines.Add(Encoding.UTF8.GetString(line));
        }

        if (kind == TextLine.OneOfMany)
        {
            return Acceptance.More;
        }

        return Answered(kind == TextLine.Error ? Encoding.UTF8.GetString(line) : null);
    }

    private Acceptance Answered(string? error)
    {
        if (HasEnded)
        {
            // One that was given up has been counted.
            return Acceptance.Finished;
        }

        Settings.Metrics.Answered(
            CommandNames.AnswerTo(CommandNames.NumberOf(command.Line), error is null ? MetaStatus.Ok : MetaStatus.Error));
        return Answer(new TextReply(_lines, error), Settings.Metrics.Now(), error is null ? null : ErrorTypes.ServerError);
    }
}
