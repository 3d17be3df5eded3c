using System.Diagnostics;

namespace NearCache.Benchmarks;

/// <summary>
/// Runs the parts of a suite in separate processes, so that JIT profiles and heap state of one part do not affect the others.
/// </summary>
internal static class SuiteProcesses
{
    /// <summary>Runs parts of a suite sequentially; each prints its own figures.</summary>
    /// <param name="report">The report of the suite.</param>
    /// <param name="names">The names of the parts, which are suites.</param>
    /// <exception cref="InvalidOperationException">A part failed.</exception>
    public static async Task RunAsync(Report report, params string[] names)
    {
        var program = Environment.GetCommandLineArgs()[0];
        foreach (var name in names)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!);
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            {
                start.ArgumentList.Add(program);
            }

            start.ArgumentList.Add(name);
            if (report.IsQuick)
            {
                start.ArgumentList.Add("--quick");
            }

            using var part = Process.Start(start)!;
            await part.WaitForExitAsync();
            if (part.ExitCode != 0)
            {
                throw new InvalidOperationException($"{name} failed with exit code {part.ExitCode}.");
            }
        }
    }
}
