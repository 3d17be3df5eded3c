using System.CommandLine;
using Microsoft.Extensions.Configuration;
using NearCache.Management;

namespace NearCache.Cli.Commands;

/// <summary><c>console</c>: the stand-alone console.</summary>
internal static class ConsoleCommand
{
    // Open pages and requests to servers end first.
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "console",
            "Runs the console: pages in a browser, for the fleet that is named or for all of the contexts file. It listens on this machine "
                + "alone and prints an address that works once. Other addresses need a sign-in: docs/operations/console.md. Ends with "
                + "Ctrl+C.",
            "nearcache console",
            "nearcache console --context shop --operate",
            "nearcache console --config appsettings.json --urls http://127.0.0.1:8080 --no-data")
        {
            EndsWithin = EndsWithin,
        };
        var (urls, operate, values, data, none) = (
            new Option<string[]>("--urls")
            {
                Description = "An address to listen on. Repeat it for several. Default: http://127.0.0.1:5090.",
                HelpName = "URL",
            },
            new Option<bool>("--operate")
            {
                Description = "The address that works once lets its user change rules, stop them and remove keys.",
            },
            new Option<bool>("--values") { Description = "The address that works once lets its user read values of the application." },
            new Option<string?>("--data")
            {
                Description = "The folder of the history. Default: NearCache/console in the local application data of the user.",
                HelpName = "FOLDER",
            },
            new Option<bool>("--no-data") { Description = "Store no history." });
        foreach (var option in (Option[])[urls, operate, values, data, none])
        {
            command.Options.Add(option);
        }

        return tool.Does(command, async (context, cancellationToken) =>
        {
            if (context.Value(operate) && context.MustBeReadOnly)
            {
                throw new ToolException("--operate and --read-only contradict each other: pass one of them.");
            }

            var settings = context.ConsoleSettings();
            if (context.MustBeReadOnly && !settings.AsEnumerable().Any())
            {
                throw new ToolException("--read-only is for fleets that the command line or a contexts file names. For those of "
                    + "environment variables, set NEARCACHE_CONSOLE__Contexts__NAME__ReadOnly to true.");
            }

            if (context.Has(data) && context.Value(none))
            {
                throw new ToolException("--data and --no-data contradict each other: pass one of them.");
            }

            string[] arguments =
            [
                .. (context.Value(urls) ?? []).SelectMany(url => (string[])["--urls", url]),
                .. context.Value(operate) ? (string[])["--operate"] : [],
                .. context.Value(values) ? (string[])["--values"] : [],
                .. context.Value(none) ? (string[])["--no-data"] : [],
                .. context.Value(data) is { } folder ? (string[])["--data", Path.Combine(context.Host.Folder, folder)] : [],
            ];
            using var error = new StringWriter();
            var code = await NearCacheConsoleHost.RunAsync(
                arguments, context.Host.Output, error, settings, cancellationToken).ConfigureAwait(false);
            return code == 0 ? ExitCodes.Success : throw new ToolException(error.ToString());
        });
    }
}
