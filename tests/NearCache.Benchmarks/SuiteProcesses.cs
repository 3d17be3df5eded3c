using System.Diagnostics;

namespace NearCache.Benchmarks;

/// <summary>
/// A suite in parts, each in a process of its own: what the compiler learnt of one and how its heap was left says nothing about the others,
/// in whatever order they come.
/// </summary>
internal static class SuiteProcesses
{
    /// <summary>Runs parts of a suite one after another; they print their figures themselves.</summary>
    /// <param name="report">The suite's.</param>
    /// <param name="names">Suites of their own.</param>
    /// <exception cref="InvalidOperationException">One failed.</exception>
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
