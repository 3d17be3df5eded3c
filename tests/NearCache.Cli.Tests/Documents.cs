using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Reflection;
using System.Text;
using NearCache.Cli.Doctoring;

namespace NearCache.Cli.Tests;

/// <summary>The pages about the tool, as its commands and findings make them.</summary>
internal static class Documents
{
    /// <summary>Where the generated part of a page begins. It ends with the page.</summary>
    public const string Marker = "<!-- Generated from the commands. ACCEPT_PUBLIC_API=1 and CliPageTests write it. -->\n";

    private static readonly string Root =
        typeof(Documents).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "RepositoryRoot").Value!;

    public static string PathOf(string page) => Path.Combine(Root, page);

    public static string Read(string page) => File.ReadAllText(PathOf(page));

    /// <summary>Returns the reference of all commands.</summary>
    public static string Reference()
    {
        var root = NearCacheTool.Build(new ToolHost { Output = TextWriter.Null, Error = TextWriter.Null, Input = TextReader.Null });
        var page = new StringBuilder("\n## Options of every command\n\n");
        Options(page, root);
        foreach (var command in Commands(root))
        {
            var name = string.Join(' ', NearCacheTool.PathOf(command));
            page.Append($"## {name}\n\n{command.Description} {((ToolCommand)command).Remarks}".TrimEnd()).Append("\n\n");
            if (command.Arguments.Count > 0)
            {
                page.Append("| Argument | |\n|---|---|\n");
                foreach (var argument in command.Arguments)
                {
                    page.Append(CultureInfo.InvariantCulture, $"| `{argument.Name}` | {Cell(argument.Description)} |\n");
                }

                page.Append('\n');
            }

            Options(page, command);
            foreach (var example in ((ToolCommand)command).Examples)
            {
                page.Append(CultureInfo.InvariantCulture, $"    {example}\n");
            }

            page.Append('\n');
        }

        return page.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>Returns the commands that do something, with those below others.</summary>
    public static IEnumerable<Command> Commands(Command command) => command.Subcommands.SelectMany(
        one => one.Subcommands.Count > 0 ? Commands(one) : [one]);

    /// <summary>Returns the headings of a page with the text below each.</summary>
    public static Dictionary<string, string> Sections(string page) => Read(page).Split("\n### ").Skip(1)
        .ToDictionary(section => section.Split('\n')[0].Trim(), section => section[(section.IndexOf('\n') + 1)..]);

    /// <summary>Returns every finding as the page of findings begins it.</summary>
    public static string Beginning(Finding finding) => $"*{finding.Level}.* {finding.Why}";

    private static void Options(StringBuilder page, Command command)
    {
        var options = command.Options.Where(option => option is not HelpOption and not VersionOption).ToArray();
        if (options.Length == 0)
        {
            return;
        }

        page.Append("| Option | |\n|---|---|\n");
        foreach (var option in options)
        {
            var names = string.Join("`, `", option.Aliases.Where(alias => alias != option.Name).Prepend(option.Name));
            var value = option.HelpName is { } help ? $" {help.Replace("|", "\\|", StringComparison.Ordinal)}" : "";
            page.Append(
                CultureInfo.InvariantCulture,
                $"| `{names}`{(value.Length > 0 ? $" *{value.Trim()}*" : "")} | "
                    + $"{Cell(option.Description)}{(option.Required ? " Required." : "")} |\n");
        }

        page.Append('\n');
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
