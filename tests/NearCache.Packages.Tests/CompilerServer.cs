using System.Diagnostics;
using System.Globalization;

namespace NearCache.Packages.Tests;

/// <summary>One compiler process for all builds of a run. Without it each build starts one for each project.</summary>
internal sealed class CompilerServer : IDisposable
{
    private readonly Process _process;

    private CompilerServer(Process process) => _process = process;

    /// <summary>The name by which builds find it. No other run has it.</summary>
    public static string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"nearcache-packages-{Environment.ProcessId}");

    /// <summary>Starts the compiler of the SDK.</summary>
    /// <param name="folder">Where it runs; what ends leftovers of a crashed run finds it by that.</param>
    public static async Task<CompilerServer> StartAsync(string folder)
    {
        var project = Repository.At("src", "NearCache.Transport", "NearCache.Transport.csproj");
        var roslyn = await Tool.RunAsync(folder, "dotnet", "msbuild", project, "-getProperty:RoslynTargetsPath");
        var server = Path.Combine(roslyn.Trim(), "bincore", "VBCSCompiler.dll");
        Assert.True(File.Exists(server), $"The SDK has no {server}.");
        return new CompilerServer(Process.Start(Tool.Command(folder, "dotnet", server, $"-pipename:{Name}"))!);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
