using System.Diagnostics;

namespace NearCache.Packages.Tests;

/// <summary>Runs programs of the SDK to their end.</summary>
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

    /// <summary>A command whose builds share the compiler of this run, and leave no process behind.</summary>
    public static ProcessStartInfo Command(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "true";
        start.Environment["SharedCompilationId"] = CompilerServer.Name;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";

        // Programs that run for seconds: what the runtime learns of them costs more than it gains.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return start;
    }

    /// <summary>Runs a program.</summary>
    /// <returns>Its exit code, and what it printed.</returns>
    public static async Task<(int Status, string Said)> TryAsync(string folder, string program, params string[] arguments)
    {
        var start = Command(folder, program, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
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
