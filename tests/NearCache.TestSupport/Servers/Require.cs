namespace NearCache.TestSupport.Servers;

/// <summary>What a test needs of the machine. <c>tests/run.sh</c> installs it; without it a test is skipped and says why.</summary>
public static class Require
{
    public static void Program(string name)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));
        Assert.SkipUnless(found, $"{name} is not installed: tests/run.sh installs it");
    }

    public static void ZooKeeper()
    {
        Program("java");
        Assert.SkipUnless(
            File.Exists("/usr/share/java/zookeeper.jar"),
            "ZooKeeper is not installed (/usr/share/java/zookeeper.jar): tests/run.sh installs it");
    }
}
