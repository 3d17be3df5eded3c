using System.Diagnostics;

namespace NearCache.Containers.Tests;

/// <summary>The docker client, for what Testcontainers has no call for.</summary>
internal static class DockerCommand
{
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(5);

    /// <summary>Runs a command that must succeed.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var (status, said) = await TryAsync("docker", arguments);
        Assert.True(status == 0, $"docker {string.Join(' ', arguments)}\n{said}");
        return said;
    }

    /// <summary>Runs a program.</summary>
    /// <returns>
    /// Its exit code, and what it printed; -1 and the reason where it cannot be started, or does not end within five minutes.
    /// </returns>
    public static async Task<(int Status, string Said)> TryAsync(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            using var limit = new CancellationTokenSource(AtMost);
            try
            {
                var said = process.StandardOutput.ReadToEndAsync(limit.Token);
                var wrong = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return (process.ExitCode, (await said + await wrong).Trim());
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"{program} {string.Join(' ', arguments)} did not end within {AtMost.TotalMinutes:0} minutes");
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
