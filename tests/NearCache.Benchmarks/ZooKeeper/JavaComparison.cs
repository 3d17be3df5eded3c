using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace NearCache.Benchmarks.ZooKeeper;

/// <summary>The distribution's Java client in a separate process, compiled on demand.</summary>
internal sealed class JavaComparison : IAsyncDisposable
{
    private const string Jars = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar";
    private readonly Process _process;

    private JavaComparison(Process process) => _process = process;

    /// <summary>Compiles and starts the client. Returns null, with a note, if there is no Java compiler.</summary>
    public static async Task<JavaComparison?> StartAsync(string writesTo, string watchesAt, Report report)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "javac"))))
        {
            report.Note("no Java compiler (javac) on PATH: figures without a baseline (Debian: apt-get install default-jdk-headless)");
            return null;
        }

        var root = Assembly.GetExecutingAssembly()
            .GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
        var folder = Directory.CreateTempSubdirectory("nearcache-java-").FullName;
        using (var compiler = Start("javac", "-cp", Jars, "-d", folder,
            Path.Combine(root, "tests", "NearCache.Benchmarks", "ZooKeeper", "Comparison.java")))
        {
            await compiler.WaitForExitAsync();
            if (compiler.ExitCode != 0)
            {
                throw new InvalidOperationException($"javac failed: {await compiler.StandardOutput.ReadToEndAsync()}");
            }
        }

        var java = new JavaComparison(
            Start(
                "java",
                "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                $"{folder}:{Jars}",
                "Comparison",
                writesTo,
                watchesAt));
        await java.LineAsync();
        return java;
    }

    /// <summary>Runs one measurement: <c>set</c>, <c>get</c> (a rate), <c>sequential</c>, <c>watch</c> (p50 and p99 in µs).</summary>
    public async Task<double[]> AskAsync(string what, double seconds)
    {
        await _process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{what} {seconds}"));
        await _process.StandardInput.FlushAsync();
        return [.. (await LineAsync()).Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    public ValueTask DisposeAsync()
    {
        _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The Java client ended.");
}
