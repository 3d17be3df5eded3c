using System.Globalization;

namespace NearCache.Memcached.Protocol;

/// <summary>Represents a command of the classic text protocol, and parses the lines of its reply.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Statistics", "Other commands"
// version | flush_all [delay] | stats [group]
internal sealed record TextCommand
{
    private readonly string? _only;
    private readonly string? _each;

    private TextCommand(string line, string? only, string? each) => (Line, _only, _each) = (line, only, each);

    /// <summary>Gets the command that returns the version.</summary>
    public static TextCommand Version { get; } = new("version", "VERSION ", null);

    /// <summary>Gets the line to send, without its line end.</summary>
    public string Line { get; }

    /// <summary>Creates a command that invalidates all items.</summary>
    /// <param name="delay">The delay, in the format of <see cref="Expirations"/>.</param>
    public static TextCommand FlushAll(int delay) =>
        new(delay == 0 ? "flush_all" : string.Create(CultureInfo.InvariantCulture, $"flush_all {delay}"), "OK", null);

    /// <summary>
    /// Creates a query of statistics, which is answered by lines of one kind and END. Two groups are switches, which one word answers.
    /// </summary>
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

    /// <summary>Classifies a line of the reply.</summary>
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
            return line.SequenceEqual("END"u8)
                ? TextLineKind.End
                : StartsWith(line, _each)
                ? TextLineKind.OneOfSeveral
                : TextLineKind.Illegal;
        }

        return (_only![^1] == ' ' ? StartsWith(line, _only) : Equals(line, _only)) ? TextLineKind.Only : TextLineKind.Illegal;
    }

    private static bool StartsWith(ReadOnlySpan<byte> line, string text) => line.Length > text.Length && Equals(line[..text.Length], text);

    private static bool Equals(ReadOnlySpan<byte> line, string text) => System.Text.Ascii.Equals(line, text);
}

/// <summary>Specifies the kind of a line in the reply to a <see cref="TextCommand"/>.</summary>
internal enum TextLineKind
{
    /// <summary>The complete reply.</summary>
    Only,

    /// <summary>One of several lines.</summary>
    OneOfSeveral,

    /// <summary>The end of the reply.</summary>
    End,

    /// <summary>An error; nothing follows.</summary>
    Error,

    /// <summary>Not a reply to this command: the position in the stream is lost.</summary>
    Illegal,
}
