using System.Reflection;

namespace NearCache.Containers.Tests;

/// <summary>
/// The images of the servers: those of <c>NEARCACHE_TEST_MEMCACHED_IMAGE</c> and <c>NEARCACHE_TEST_ZOOKEEPER_IMAGE</c>, otherwise the
/// official ones. Where an official one cannot be pulled, <c>tests/containers/build-images.sh</c> makes a stand-in from the files of the
/// machine.
/// </summary>
/// <param name="Memcached">The image of memcached.</param>
/// <param name="ZooKeeper">The image of ZooKeeper.</param>
/// <param name="Reaper">The image that ends the containers of a killed test process; null where it cannot be pulled.</param>
internal sealed record Images(string Memcached, string ZooKeeper, string? Reaper)
{
    private const string OfficialMemcached = "memcached:1.6.38";
    private const string OfficialZooKeeper = "zookeeper:3.9.3";
    private const string OfficialReaper = "testcontainers/ryuk:0.14.0";

    public static async Task<Images> FindAsync()
    {
        var memcached = await FindAsync("NEARCACHE_TEST_MEMCACHED_IMAGE", OfficialMemcached);
        var zooKeeper = await FindAsync("NEARCACHE_TEST_ZOOKEEPER_IMAGE", OfficialZooKeeper);
        if (memcached is null || zooKeeper is null)
        {
            var data = typeof(Images).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>();
            var root = data.First(entry => entry.Key == "RepositoryRoot").Value!;
            var build = Path.Combine(root, "tests", "containers", "build-images.sh");
            var (status, said) = await DockerCommand.TryAsync(build, DockerOwner.This.ToString());
            Assert.True(status == 0, $"{OfficialMemcached} or {OfficialZooKeeper} cannot be pulled, and there are no stand-ins: {said}");
        }

        return new Images(
            memcached ?? $"nearcache-test/memcached:{DockerOwner.This}",
            zooKeeper ?? $"nearcache-test/zookeeper:{DockerOwner.This}",
            await LookAsync(OfficialReaper) is null ? OfficialReaper : null);
    }

    // Null: the official image cannot be pulled. An image that a setting names must be there.
    private static async Task<string?> FindAsync(string setting, string official)
    {
        var named = Environment.GetEnvironmentVariable(setting);
        var image = string.IsNullOrWhiteSpace(named) ? official : named.Trim();
        var wrong = await LookAsync(image);
        Assert.True(
            wrong is null || string.IsNullOrWhiteSpace(named),
            $"{setting} names the image '{named}', which is not there and cannot be pulled. Correct the name, or unset {setting}: {wrong}");
        return wrong is null ? image : null;
    }

    // Null if the image is there; otherwise the reason.
    private static async Task<string?> LookAsync(string image)
    {
        if ((await DockerCommand.TryAsync("docker", "image", "inspect", image)).Status == 0)
        {
            return null;
        }

        var (status, said) = await DockerCommand.TryAsync("docker", "pull", "--quiet", image);
        return status == 0 ? null : said;
    }
}
