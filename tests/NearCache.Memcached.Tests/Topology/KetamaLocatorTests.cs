using System.Text;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached.Tests.Topology;

public sealed class KetamaLocatorTests
{
    [Fact]
    public void It_places_every_key_where_libmemcached_does()
    {
        using var reader = new StreamReader(typeof(KetamaLocatorTests).Assembly.GetManifestResourceStream("ketama.txt")!);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split('\t')).ToArray();
        var rings = lines.Where(line => line[0] == "servers").Select(line => new KetamaLocator([.. line.Skip(1).Select(Server)])).ToArray();
        var keys = lines.Where(line => line[0] != "servers").ToArray();

        Assert.Equal((5, 1000), (rings.Length, keys.Length));
        foreach (var key in keys)
        {
            Assert.Equal(key[1], string.Concat(rings.Select(ring => ring.Locate(Encoding.UTF8.GetBytes(key[0])))));
        }
    }

    [Fact]
    public void Without_servers_or_with_weights_there_is_no_ring()
    {
        Assert.Throws<ArgumentException>(() => new KetamaLocator([]));
        Assert.Throws<ArgumentException>(() => new KetamaLocator([new RingServer("a", 1, Weight: 2)]));
    }

    private static RingServer Server(string text) => new(text.Split(':')[0], int.Parse(text.Split(':')[1], null));
}
