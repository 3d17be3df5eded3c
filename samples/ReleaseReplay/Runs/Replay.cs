using System.Diagnostics;
using ReleaseReplay.Reporting;

namespace ReleaseReplay.Runs;

/// <summary>Plays every chosen run with every chosen disturbance, and writes the report.</summary>
internal static class Replay
{
    public static async Task<int> RunAsync(ReplaySettings settings)
    {
        var program = settings.Program ?? await PublishAsync();
        var results = new List<RunResult>();
        foreach (var disturbance in settings.Disturbances)
        {
            foreach (var scenario in settings.Scenarios)
            {
                results.Add(await new Run(settings, scenario, disturbance, program).PlayAsync());
            }
        }

        Console.WriteLine();
        LiveTable.Summarize(results);
        await File.WriteAllTextAsync(settings.Report, Report.Html(results, settings));
        Console.WriteLine($"\nThe report with charts: {Path.GetFullPath(settings.Report)}");
        return 0;
    }

    // ReadyToRun, so that the compilation of twelve processes at once does not decide.
    private static async Task<string> PublishAsync()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, ProjectFile)))
        {
            folder = folder.Parent;
        }

        if (folder is null)
        {
            throw new ReplayException(
                $"{ProjectFile} is not above {AppContext.BaseDirectory}: name a built program by --program.");
        }

        Console.WriteLine("Publishing the pods ReadyToRun …");
        var output = Path.Combine(folder.FullName, "artifacts", "release-replay");
        string[] arguments =
        [
            "publish", Path.Combine(folder.FullName, ProjectFile), "-c", "Release", "--use-current-runtime", "--self-contained", "false",
            "-p:PublishReadyToRun=true", "-o", output, "-v", "quiet", "--nologo",
        ];
        using var publish = Process.Start("dotnet", arguments);
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0
            ? Path.Combine(output, "ReleaseReplay.dll")
            : throw new ReplayException("The pods cannot be published: name a built program by --program.");
    }

    private static string ProjectFile => Path.Combine("samples", "ReleaseReplay", "ReleaseReplay.csproj");
}

/// <summary>The machine, or what is installed on it, does not allow the replay. The message says what to do.</summary>
internal sealed class ReplayException(string message) : Exception(message);
