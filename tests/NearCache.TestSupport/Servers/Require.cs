namespace NearCache.TestSupport.Servers;

/// <summary>
/// What a test needs of the machine. <c>tests/run.sh</c> installs it; without it a test is skipped and says why, or fails if
/// <c>NEARCACHE_REQUIRE</c> names it.
/// </summary>
public static class Require
{
    private static readonly string[] Required =
        (Environment.GetEnvironmentVariable("NEARCACHE_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);

    public static void Program(string name) => Assert.SkipUnless(IsInstalled(name), $"{name} is not installed: tests/run.sh installs it");

    public static void ZooKeeper()
    {
        Program("java");
        Assert.SkipUnless(
            File.Exists("/usr/share/java/zookeeper.jar"),
            "ZooKeeper is not installed (/usr/share/java/zookeeper.jar): tests/run.sh installs it");
    }

    /// <summary>Whether a program of that name is on the PATH.</summary>
    public static bool IsInstalled(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));

    /// <summary>Skips the test, since a tool of <c>NEARCACHE_TOOLS=all</c> is absent.</summary>
    /// <param name="tool">Its name in <c>NEARCACHE_REQUIRE</c>, for instance <c>containers</c>: named there, the test fails.</param>
    /// <param name="reason">One line: what is absent.</param>
    public static void Skip(string tool, string reason)
    {
        Assert.False(Required.Contains(tool), $"NEARCACHE_REQUIRE names '{tool}', and {reason}");
        Assert.Skip($"{reason} (NEARCACHE_TOOLS=all tests/run.sh installs what Debian has)");
    }
}
