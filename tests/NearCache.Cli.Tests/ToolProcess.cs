using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.Cli.Tests;

/// <summary>The built tool as a process of its own, as a shell starts it.</summary>
internal sealed class ToolProcess : IAsyncDisposable
{
    // Far above what a busy machine needs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _error;

    private ToolProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it in a folder, with nothing of the user's own settings.</summary>
    public static ToolProcess Start(string folder, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Dotnet(), [Path.Combine(AppContext.BaseDirectory, "NearCache.Cli.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = folder;
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return new ToolProcess(Process.Start(start)!);
    }

    /// <summary>Reads a line of the output; null at its end.</summary>
    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit);

    /// <summary>Stops reading, as <c>head</c> does when it has enough.</summary>
    public void CloseOutput() => _process.StandardOutput.Close();

    /// <summary>Asks the process to end.</summary>
    public void Signal() => ProcessSignal.Send(_process.Id, ProcessSignal.Terminate);

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code, and the standard error.</returns>
    public async Task<(int Code, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, await _error);
    }

    // The program that runs this test, which is no script of the PATH that would keep signals to itself.
    private static string Dotnet() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
