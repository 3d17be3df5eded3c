using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NearCache.IntegrationTests;

/// <summary>A trimmed sample and one compiled ahead of time behave like the normal build.</summary>
/// <remarks>
/// Both need packages of the runtime. The test is skipped, with the reason, if these cannot be restored or there is no linker.
/// </remarks>
public sealed class TrimmedPublishTests : IDisposable
{
    // Missing packages, unreachable feeds, and no linker.
    private static readonly string[] Missing = ["NU1101", "NU1102", "NU1103", "NU1301", "NETSDK1127", "Platform linker"];
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-publish-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("PublishTrimmed")]
    [InlineData("PublishAot")]
    public async Task The_quick_start_runs_when_it_is_published(string how)
    {
        var target = Path.Combine(_folder, "out");
        var (status, said) = await RunAsync("dotnet", [
            "publish", Path.Combine(
                Repository.Root,
                "samples",
                "QuickStart"), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "--nologo",
            "-o", target, $"-p:{how}=true", $"-p:ArtifactsPath={Path.Combine(_folder, "artifacts")}", "-p:InvariantGlobalization=true"]);
        var missing = status == 0 ? null : WhatIsMissing(said);
        Assert.SkipWhen(missing is not null, $"{how}: {missing}");
        Assert.True(status == 0, said);

        var (ended, printed) = await RunAsync(Path.Combine(target, "QuickStart"), []);

        Assert.True(ended == 0, printed);
        string[] sources = [.. printed.Split('\n').Where(line => line.Length > 31).Select(line => line[31..].Split(' ')[0])];
        Assert.Equal(["Remote", "Near", "Remote", "Factory"], sources);
    }

    // ".../QuickStart.csproj : error NU1101: Unable to find package …"
    private static string? WhatIsMissing(string said) =>
        said.Split('\n').FirstOrDefault(line => Missing.Any(line.Contains))?.Split(" : ", 2)[^1].Trim();

    private static async Task<(int Status, string Said)> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(AtMost);
        var said = process.StandardOutput.ReadToEndAsync(limit.Token);
        var wrong = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await said + await wrong);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
