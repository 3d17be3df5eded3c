using System.CommandLine;
using NearCache.Cli.Doctoring;

namespace NearCache.Cli.Tests;

/// <summary>docs/cli.md says what the help says, and docs/operations/doctor.md has every finding.</summary>
public sealed class CliPageTests
{
    /// <summary><c>ACCEPT_PUBLIC_API=1</c> rewrites the generated part; review the difference before you commit it.</summary>
    [Fact]
    public void The_reference_is_that_of_the_commands()
    {
        var page = Documents.Read("docs/cli.md");
        var written = page[..(page.IndexOf(Documents.Marker, StringComparison.Ordinal) + Documents.Marker.Length)];
        var expected = written + Documents.Reference();
        if (Environment.GetEnvironmentVariable("ACCEPT_PUBLIC_API") == "1")
        {
            File.WriteAllText(Documents.PathOf("docs/cli.md"), expected);
        }

        Assert.True(
            Documents.Read("docs/cli.md") == expected,
            "docs/cli.md is not as the commands are. Run this test with ACCEPT_PUBLIC_API=1 and commit the difference.");
    }

    [Fact]
    public async Task The_help_of_every_command_has_its_options_and_examples()
    {
        var root = NearCacheTool.Build(new ToolHost { Output = TextWriter.Null, Error = TextWriter.Null, Input = TextReader.Null });
        foreach (var command in Documents.Commands(root))
        {
            var path = NearCacheTool.PathOf(command).Skip(1).ToArray();
            var run = await ToolRun.OfAsync([.. path, "--help"]);

            Assert.True(run.Code == 0, run.ToString());
            Assert.All(command.Options, option => Assert.Contains(option.Name, run.Output, StringComparison.Ordinal));
            Assert.All(((ToolCommand)command).Examples, example => Assert.Contains($"  {example}\n", run.Output, StringComparison.Ordinal));
            Assert.NotEmpty(((ToolCommand)command).Examples);
            Assert.Contains("--read-only", run.Output, StringComparison.Ordinal);
        }

        var help = await ToolRun.OfAsync("--help");
        Assert.All(root.Subcommands, command => Assert.Contains(command.Name, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_example_is_a_valid_command_line()
    {
        var root = NearCacheTool.Build(new ToolHost { Output = TextWriter.Null, Error = TextWriter.Null, Input = TextReader.Null });
        var examples = Documents.Commands(root).Cast<ToolCommand>().SelectMany(command => command.Examples).ToArray();
        foreach (var example in examples)
        {
            // What the shell does with the output is not ours.
            var words = example.Split(" | ")[0].Split(" > ")[0].Replace("'", "\"", StringComparison.Ordinal);
            var parsed = root.Parse(words["nearcache ".Length..]);
            Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}");
        }
    }

    [Fact]
    public void Every_finding_has_its_entry_in_the_order_of_the_checks()
    {
        var sections = Documents.Sections("docs/operations/doctor.md");

        Assert.Equal(Findings.All.Select(finding => finding.Id), sections.Keys);
        Assert.All(Findings.All, finding =>
        {
            Assert.StartsWith(Documents.Beginning(finding), sections[finding.Id].Trim(), StringComparison.Ordinal);

            // Beyond the reason there is something to do.
            Assert.True(sections[finding.Id].Trim().Length > Documents.Beginning(finding).Length + 40, finding.Id);
        });
    }
}
