using System.Reflection;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Conventions;

public sealed class PublicApiTests
{
    public static TheoryData<string> Assemblies =>
        ["NearCache", "NearCache.Management", "NearCache.Memcached", "NearCache.RabbitMq", "NearCache.ZooKeeper"];

    /// <summary><c>ACCEPT_PUBLIC_API=1</c> rewrites the files; review the difference before you commit it.</summary>
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void The_public_surface_is_the_one_on_record(string name)
    {
        var surface = PublicSurface.Of(Assembly.Load(name));
        var record = Repository.At("tests", "NearCache.Tests", "Conventions", $"PublicApi.{name}.txt");
        if (Environment.GetEnvironmentVariable("ACCEPT_PUBLIC_API") == "1")
        {
            File.WriteAllText(record, surface);
        }

        var (was, now) = (File.ReadAllLines(record), surface.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(
            was.SequenceEqual(now),
            $"The public surface of {name} has changed. If that is meant, run the tests with ACCEPT_PUBLIC_API=1 and commit the "
                + $"difference.\n"
            + string.Join('\n', Difference(was, now)));
    }

    private static IEnumerable<string> Difference(string[] was, string[] now) =>
        was.Except(now).Select(line => "- " + line.Trim()).Concat(now.Except(was).Select(line => "+ " + line.Trim()));
}
