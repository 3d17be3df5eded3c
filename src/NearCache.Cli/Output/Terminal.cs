using Spectre.Console;
using Spectre.Console.Rendering;

namespace NearCache.Cli.Output;

/// <summary>
/// Writes the answers of commands: with colors and in the width of a terminal, or as plain lines. Every text passes
/// <see cref="SafeText"/>, and none is read as markup.
/// </summary>
internal sealed class Terminal
{
    // Wide enough that no line is broken in a file.
    private const int WidthOfFiles = 10_000;

    private readonly ToolHost _host;
    private readonly Lazy<IAnsiConsole> _console;

    /// <param name="host">The streams.</param>
    /// <param name="hasColors">Whether colors are wanted; a file never has them.</param>
    public Terminal(ToolHost host, bool hasColors)
    {
        _host = host;
        IsRich = host.IsOutputTerminal;
        HasColors = hasColors && host.IsOutputTerminal && host.Variable("NO_COLOR") is null or "";
        _console = new(() =>
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(host.Output),
                Ansi = IsRich ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = HasColors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            });
            console.Profile.Width = Width;
            return console;
        });
    }

    /// <summary>Gets a value indicating whether the output is a terminal.</summary>
    public bool IsRich { get; }

    /// <summary>Gets a value indicating whether colors are written.</summary>
    public bool HasColors { get; }

    private int Width => IsRich ? _host.Width : WidthOfFiles;

    /// <summary>Writes an empty line.</summary>
    public void Line() => _host.Output.WriteLine();

    /// <summary>Writes a line. A long one is left to the terminal.</summary>
    public void Line(string text, Tone tone = Tone.Plain) => Write(SafeText.Of(text), tone);

    /// <summary>Writes a line of any length, as safe as the others.</summary>
    public void Whole(string text) => Write(SafeText.Of(text, int.MaxValue), Tone.Plain);

    /// <summary>Writes a paragraph under a mark: wrapped and indented on a terminal, one line in a file.</summary>
    /// <param name="mark">The mark, such as <c>√</c>; may be empty.</param>
    /// <param name="text">The text.</param>
    /// <param name="indent">The columns before the mark.</param>
    /// <param name="tone">The color of the mark.</param>
    public void Paragraph(string mark, string text, int indent, Tone tone = Tone.Plain)
    {
        var start = new string(' ', indent) + mark + (mark.Length > 0 ? " " : "");
        var width = IsRich ? Math.Max(_host.Width - start.Length - 1, 20) : int.MaxValue;
        var first = true;
        foreach (var line in Wrap(SafeText.Of(text), width))
        {
            if (first && HasColors && tone != Tone.Plain)
            {
                _host.Output.Write(new string(' ', indent));
                _console.Value.Write(new Text(mark, StyleOf(tone)));
                _host.Output.Write(mark.Length > 0 ? " " : "");
            }
            else
            {
                _host.Output.Write(first ? start : new string(' ', start.Length));
            }

            _host.Output.WriteLine(line);
            first = false;
        }
    }

    /// <summary>Writes a table with a line of headings: no line is broken in a file, and no cell on a terminal.</summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        foreach (var (text, isHeading) in TextTable.Lines(headings, rows, Width))
        {
            Write(text, isHeading ? Tone.Heading : Tone.Plain);
        }
    }

    /// <summary>Returns a table that can be shown again and again in one place.</summary>
    public IRenderable TableOf(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows) => new Rows(
        TextTable.Lines(headings, rows, Width).Select(line =>
            (IRenderable)new Text(line.Text, line.IsHeading && HasColors ? StyleOf(Tone.Heading) : Style.Plain)));

    /// <summary>Gets the console of Spectre, for what changes in place.</summary>
    public IAnsiConsole Live => _console.Value;

    /// <summary>Writes a line that is no part of the answer, such as progress, to standard error.</summary>
    public void Note(string text) => _host.Error.WriteLine(SafeText.Of(text));

    /// <summary>Asks whether to go on. Without a person the answer is no, and the caller says what to pass.</summary>
    public bool Confirm(string question)
    {
        if (!_host.IsInputTerminal)
        {
            throw new ToolException($"{question} There is no terminal to answer: pass --yes.");
        }

        _host.Error.Write($"{SafeText.Of(question)} [y/N] ");
        return _host.Input.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private void Write(string safe, Tone tone)
    {
        if (HasColors && tone != Tone.Plain)
        {
            _console.Value.Write(new Text(safe, StyleOf(tone)));
            _host.Output.WriteLine();
        }
        else
        {
            _host.Output.WriteLine(safe);
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            var cut = text.LastIndexOf(' ', width) is > 0 and var space ? space : width;
            yield return text[..cut];
            text = text[cut..].TrimStart();
        }

        yield return text;
    }

    private static Style StyleOf(Tone tone) => new(tone switch
    {
        Tone.Good => Color.Green,
        Tone.Warning => Color.Yellow,
        Tone.Bad => Color.Red,
        Tone.Quiet => Color.Grey,
        _ => Color.Default,
    }, decoration: tone == Tone.Heading ? Decoration.Bold : Decoration.None);
}

/// <summary>Specifies how a text is meant, which a terminal shows by its color.</summary>
internal enum Tone
{
    Plain,
    Heading,
    Good,
    Warning,
    Bad,
    Quiet,
}
