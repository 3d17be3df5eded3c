using Microsoft.Win32.SafeHandles;

namespace NearCache.Cli;

/// <summary>What the tool uses of the machine: streams, environment variables and the clock. Tests pass their own.</summary>
internal sealed class ToolHost
{
    private const int WidthOfFiles = 100;
    private const int LeastWidth = 20;
    private const int StandardOutput = 1;

    /// <summary>Gets the standard output.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Gets the standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Gets the standard input.</summary>
    public required TextReader Input { get; init; }

    /// <summary>Gets a value indicating whether the output is a terminal, which has a width and may have colors.</summary>
    public bool IsOutputTerminal { get; init; }

    /// <summary>Gets a value indicating whether a person can answer a question.</summary>
    public bool IsInputTerminal { get; init; }

    /// <summary>Gets the columns of the output.</summary>
    public int Width { get; init; } = WidthOfFiles;

    /// <summary>Gets the folder that relative paths start from.</summary>
    public string Folder { get; init; } = Environment.CurrentDirectory;

    /// <summary>Gets the clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the function that returns an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Gets the name of the user of the machine; empty if it is not known.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Gets the function that reads a line from the terminal without showing it.</summary>
    public Func<string?> ReadSecret { get; init; } = () => null;

    /// <summary>Returns the host of this process.</summary>
    public static ToolHost OfThisProcess() => new()
    {
        Output = OutputOfThisProcess(),
        Error = Console.Error,
        Input = Console.In,
        IsOutputTerminal = !Console.IsOutputRedirected,
        IsInputTerminal = !Console.IsInputRedirected,
        Width = Console.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthOfFiles : Math.Max(Console.WindowWidth, LeastWidth),
        UserName = Environment.UserName,
        ReadSecret = ReadHidden,
    };

    // Console drops what a closed pipe does not take, so a command that follows something would never notice that its reader has ended.
    private static TextWriter OutputOfThisProcess()
    {
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            try
            {
                var pipe = new FileStream(
                    new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0, isAsync: false);
                if (!pipe.CanSeek)
                {
                    return TextWriter.Synchronized(new StreamWriter(pipe) { AutoFlush = true });
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
            {
                // There is no output.
            }
        }

        return Console.Out;
    }

    private static string? ReadHidden()
    {
        var text = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(text.Length - 1, 0);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        return text.ToString();
    }
}
