using System.Diagnostics;

namespace NearCache.Packages.Tests;

/// <summary>Runs programs of the SDK to their end. None of them leaves a server process behind.</summary>
internal static class Tool
{
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(15);

    /// <summary>Runs a program that must succeed.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var (status, said) = await TryAsync(folder, program, arguments);
        Assert.True(status == 0, $"{program} {string.Join(' ', arguments)}\n{said}");
        return said;
    }

    /// <summary>Runs a program.</summary>
    /// <returns>Its exit code, and what it printed.</returns>
    public static async Task<(int Status, string Said)> TryAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
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
