using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NearCache.TestSupport.Servers;

namespace NearCache.Packages.Tests;

/// <summary>An application outside the tree that has the packages from a folder, on a real memcached and a real ZooKeeper.</summary>
public sealed class ConsumerTests(PackedFolder packed)
{
    /// <summary>How it is made: as it is built, and without what it does not use.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("PublishTrimmed")]
    public Task An_application_uses_both_servers(string how) => Consumer.RunAsync(packed, how);
}

/// <summary>The same application, compiled ahead of time. In a class of its own, because it takes as long as all other tests.</summary>
public sealed class NativeConsumerTests(PackedFolder packed)
{
    [Fact]
    public Task An_application_compiled_ahead_of_time_uses_both_servers() => Consumer.RunAsync(packed, "PublishAot");
}

/// <summary>Builds the application, and runs it.</summary>
internal static class Consumer
{
    // Packages that are not there, feeds that do not answer, and no linker.
    private static readonly string[] Missing = ["NU1101", "NU1102", "NU1103", "NU1301", "NETSDK1127", "Platform linker"];

    /// <summary>Builds it, starts it on new servers, and compares what it prints.</summary>
    /// <param name="packed">The packages.</param>
    /// <param name="how">The property of a published application; empty for one that is only built.</param>
    public static async Task RunAsync(PackedFolder packed, string how)
    {
        var folder = packed.NewFolder("Consumer");
        Repository.Copy(Repository.At("tests", "NearCache.Packages.Tests", "Consumer"), folder);
        var target = Path.Combine(folder, "out");
        string[] build = ["build", "-c", "Release", "--nologo", "-o", target, $"-p:NearCacheVersion={packed.Version}"];
        string[] publish = ["-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", $"-p:{how}=true"];
        var (status, said) = await Tool.TryAsync(folder, "dotnet", how.Length == 0 ? build : ["publish", .. build[1..], .. publish]);
        if (status != 0 && WhatIsMissing(said) is { } missing)
        {
            Require.Skip("aot", $"{how}: {missing}");
        }

        Assert.True(status == 0, said);
        Assert.DoesNotContain(": warning ", said, StringComparison.Ordinal);

        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        var begun = Stopwatch.GetTimestamp();
        var printed = await Tool.RunAsync(
            folder,
            Path.Combine(target, "Consumer"),
            $"--NearCache:Memcached:Servers:0={memcached.Address}",
            $"--NearCache:ZooKeeper:ConnectionString={zooKeeper.Address}",
            "--NearCache:Rules:0:Name=products",
            "--NearCache:Rules:0:Match=product:*");
        var took = Stopwatch.GetElapsedTime(begun);

        Assert.StartsWith("near hit\nchanged by the other\nzookeeper Connected\n", printed, StringComparison.Ordinal);
        var size = new FileInfo(Path.Combine(target, "Consumer")).Length;
        var memory = printed.Split('\n').First(line => line.StartsWith("memory", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] consumer {how}: executable {size / 1e6:0.0} MB, {memory}, start to end {took.TotalSeconds:0.0} s"));
    }

    // ".../Consumer.csproj : error NU1101: Unable to find package …"
    private static string? WhatIsMissing(string said) =>
        said.Split('\n').FirstOrDefault(line => Missing.Any(line.Contains))?.Split(" : ", 2)[^1].Split(" [", 2)[0].Trim();
}
