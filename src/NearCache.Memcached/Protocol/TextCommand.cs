using System.Globalization;

namespace NearCache.Memcached.Protocol;

/// <summary>A command of the classic protocol, and the lines that answer it.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Statistics", "Other commands"
// version | flush_all [delay] | stats [group]
internal sealed record TextCommand
{
    private readonly string? _only;
    private readonly string? _each;

    private TextCommand(string line, string? only, string? each) => (Line, _only, _each) = (line, only, each);

    /// <summary>VERSION and the version.</summary>
    public static TextCommand Version { get; } = new("version", "VERSION ", null);

    /// <summary>What is sent, without the line end.</summary>
    public string Line { get; }

    /// <summary>OK.</summary>
    /// <param name="delay">As <see cref="Expirations"/> has it.</param>
    public static TextCommand FlushAll(int delay) =>
        new(delay == 0 ? "flush_all" : string.Create(CultureInfo.InvariantCulture, $"flush_all {delay}"), "OK", null);

    /// <summary>Lines of one kind, and END. Two groups are switches, which one word answers.</summary>
    public static TextCommand Statistics(string? group)
    {
        var line = group is null ? "stats" : $"stats {group}";
        return (group ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["reset", ..] => new TextCommand(line, "RESET", null),
            ["detail", "on" or "off", ..] => new TextCommand(line, "OK", null),
            ["detail", "dump", ..] => new TextCommand(line, null, "PREFIX "),
            ["cachedump", ..] => new TextCommand(line, null, "ITEM "),
            _ => new TextCommand(line, null, "STAT "),
        };
    }

    /// <summary>Says what a line of the answer is.</summary>
    public TextLineKind Read(ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual("ERROR"u8)
            || line.StartsWith("ERROR "u8)
            || line.StartsWith("CLIENT_ERROR "u8)
            || line.StartsWith("SERVER_ERROR "u8))
        {
            return TextLineKind.Error;
        }

        if (_each is not null)
        {
            return line.SequenceEqual("END"u8) ? TextLineKind.End : StartsWith(line, _each) ? TextLineKind.OneOfMany : TextLineKind.Illegal;
        }

        return (_only![^1] == ' ' ? StartsWith(line, _only) : Equals(line, _only)) ? TextLineKind.Only : TextLineKind.Illegal;
    }

    private static bool StartsWith(ReadOnlySpan<byte> line, string text) => line.Length > text.Length && Equals(line[..text.Length], text);

    private static bool Equals(ReadOnlySpan<byte> line, string text) => System.Text.Ascii.Equals(line, text);
}

/// <summary>What a line of the classic protocol is to its <see cref="TextCommand"/>.</summary>
internal enum TextLineKind
{
    /// <summary>The whole answer.</summary>
    Only,

    /// <summary>More follow.</summary>
    OneOfMany,

    /// <summary>The end of the answer.</summary>
    End,

    /// <summary>The server refuses; nothing follows.</summary>
    Error,

    /// <summary>No answer to this command: the stream's position is lost.</summary>
    Illegal,
}
