using System.Reflection;

namespace NearCache.Containers.Tests;

/// <summary>
/// The images of the servers: the official ones, unless <c>NEARCACHE_TEST_MEMCACHED_IMAGE</c> and <c>NEARCACHE_TEST_ZOOKEEPER_IMAGE</c>
/// name others. Where one cannot be pulled, <c>tests/containers/build-images.sh</c> makes a stand-in from the files of the machine.
/// </summary>
internal sealed record Images(string Memcached, string ZooKeeper, bool AreStandIns)
{
    private const string OfficialMemcached = "memcached:1.6.38";
    private const string OfficialZooKeeper = "zookeeper:3.9.3";

    public static async Task<Images> FindAsync()
    {
        var wanted = new Images(
            Environment.GetEnvironmentVariable("NEARCACHE_TEST_MEMCACHED_IMAGE") ?? OfficialMemcached,
            Environment.GetEnvironmentVariable("NEARCACHE_TEST_ZOOKEEPER_IMAGE") ?? OfficialZooKeeper,
            AreStandIns: false);
        if (await IsThereAsync(wanted.Memcached) && await IsThereAsync(wanted.ZooKeeper))
        {
            return wanted;
        }

        var data = typeof(Images).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>();
        var root = data.First(entry => entry.Key == "RepositoryRoot").Value!;
        var (status, said) = await DockerCommand.TryAsync(Path.Combine(root, "tests", "containers", "build-images.sh"));
        Assert.True(status == 0, $"{wanted.Memcached} or {wanted.ZooKeeper} cannot be pulled, and there are no stand-ins: {said}");
        return new Images("nearcache-test/memcached:latest", "nearcache-test/zookeeper:latest", AreStandIns: true);
    }

    private static async Task<bool> IsThereAsync(string image) =>
        (await DockerCommand.TryAsync("docker", "image", "inspect", image)).Status == 0
        || (await DockerCommand.TryAsync("docker", "pull", "--quiet", image)).Status == 0;
}
