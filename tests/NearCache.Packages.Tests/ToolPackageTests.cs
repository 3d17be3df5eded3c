using System.Diagnostics;
using System.Text.RegularExpressions;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Packages.Tests;

/// <summary>The tool is installed from a folder into an empty directory, and runs.</summary>
public sealed partial class ToolPackageTests(PackedFolder packed)
{
    [Fact]
    public async Task It_is_installed_from_a_folder_and_answers()
    {
        var folder = packed.NewFolder("tool");
        await Tool.RunAsync(
            folder, "dotnet", "tool", "install", PackedFolder.Tool, "--version", packed.Version, "--tool-path", Path.Combine(folder, "bin"),
            "--configfile", Path.Combine(folder, "nuget.config"));
        var program = Path.Combine(folder, "bin", "nearcache");

        var help = await Tool.RunAsync(folder, program, "--help");
        Assert.Contains("doctor", help, StringComparison.Ordinal);

        // The packages of this run are not built again, so the suffix of their version is not in the program.
        Assert.StartsWith(packed.Version.Split('-')[0], await Tool.RunAsync(folder, program, "--version"), StringComparison.Ordinal);

        // It needs no configuration to say that it has none, and no server to say that there is none.
        var (status, said) = await Tool.TryAsync(folder, program, "doctor");
        Assert.Equal((2, 1), (status, said.TrimEnd('\n').Split('\n').Length));
        Assert.StartsWith("nearcache: No fleet is named", said, StringComparison.Ordinal);
        (status, said) = await Tool.TryAsync(folder, program, "doctor", "--memcached", "127.0.0.1:1", "--timeout", "1");
        Assert.True(status == 2, said);
        Assert.Contains("× 127.0.0.1:1 does not answer", said, StringComparison.Ordinal);

        // The console with its pages is in the package, too.
        await using (var console = new ConsoleProcess(program))
        {
            await console.StartAsync();
            await Eventually.BecomesTrueAsync(() => Entry().IsMatch(console.Output), "the address that works once is printed");
            using var browser = new HttpClient();
            var page = await browser.GetStringAsync(new Uri(Entry().Match(console.Output).Value));
            Assert.StartsWith("<!doctype html>", page, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(0, await console.EndAsync(TimeSpan.FromMinutes(1)));
        }

        var times = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await Tool.RunAsync(folder, program, "--help");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"[FIGURE] nearcache --help: {times.Min():0} ms at best of five");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/login\?code=\S+")]
    private static partial Regex Entry();

    /// <summary>The console of the installed tool, for servers that do not run.</summary>
    private sealed class ConsoleProcess(string program) : ServerProcess(Ports.Free())
    {
        protected override ProcessStartInfo Command() =>
            new(program, ["console", "--urls", $"http://{Address}", "--no-data", "--memcached", "127.0.0.1:1"]);

        protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
        {
            using var client = new HttpClient();
            try
            {
                return await client.GetStringAsync(new Uri($"http://{Address}/health/live"), cancellationToken) == "alive";
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
