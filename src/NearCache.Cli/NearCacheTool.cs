using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NearCache.Cli.Commands;
using NearCache.Cli.Connecting;
using NearCache.Cli.Output;

namespace NearCache.Cli;

/// <summary>The tool: builds its commands, runs one, and turns every failure into one line with its remedy.</summary>
internal static partial class NearCacheTool
{
    // EPIPE, which an IOException of a Unix stream has as its result.
    private const int BrokenPipe = 32;

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ToolHost host, CancellationToken cancellationToken = default)
    {
        var parsed = Build(host).Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction and not ExamplesHelp)
        {
            var path = string.Join(' ', PathOf(parsed.CommandResult.Command));
            var mistake = parsed.UnmatchedTokens is [var unknown, ..] ? $"\"{unknown}\" is no command, option or argument of {path}."
                : Plain(parsed.Errors[0].Message);
            return Fail(host, $"{mistake} See: {path} --help");
        }

        try
        {
            var invocation = new InvocationConfiguration
            {
                Output = host.Output,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = (parsed.CommandResult.Command as ToolCommand)?.EndsWithin,
            };
            return await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            host.Error.WriteLine("nearcache: interrupted.");
            return ExitCodes.Interrupted;
        }
        catch (OptionsValidationException e)
        {
            return Fail(host, string.Join(' ', e.Failures));
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            return ExitCodes.OutputClosed;
        }
        catch (Exception e) when (e is ToolException or NearCacheException or IOException or UnauthorizedAccessException)
        {
            return Fail(host, e.Message);
        }
        catch (ArgumentException e)
        {
            // The message without the name of a parameter.
            return Fail(host, e.ParamName is null ? e.Message
                : e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal));
        }
        catch (Exception e)
        {
            return Fail(host, $"This is a defect of the tool, please report it: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Builds the commands.</summary>
    public static RootCommand Build(ToolHost host)
    {
        var names = new ConnectionOptions();
        var root = new RootCommand(
            "Finds what is wrong with a fleet of NearCache, and operates it, from a machine that runs no application.");
        names.AddTo(root);
        var tool = new CommandFactory(host, names);
        foreach (var command in tool.CreateAll())
        {
            root.Subcommands.Add(command);
        }

        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new ExamplesHelp((HelpAction)option.Action!);
        }

        return root;
    }

    /// <summary>Returns the words that call a command.</summary>
    public static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. PathOf(parent), command.Name] : ["nearcache"];

    // The parser speaks of types of .NET, and in lines.
    private static string Plain(string mistake) => string.Join(
        ' ', TypeName().Replace(mistake, " as a number").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(" as expected type 'System\\.(Int32|Int64|Double|Nullable[^']*)'")]
    private static partial Regex TypeName();

    private static int Fail(ToolHost host, string message)
    {
        host.Error.WriteLine($"nearcache: {SafeText.Of(message.ReplaceLineEndings(" ").Trim())}");
        return ExitCodes.Failure;
    }

    /// <summary>The help, followed by the examples of the command.</summary>
    private sealed class ExamplesHelp(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is ToolCommand command)
            {
                var output = parseResult.InvocationConfiguration.Output;
                if (command.Remarks.Length > 0)
                {
                    output.WriteLine($"Remarks:\n  {command.Remarks}\n");
                }

                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                {
                    output.WriteLine($"  {example}");
                }

                output.WriteLine();
            }

            return code;
        }
    }
}
