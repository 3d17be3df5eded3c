using System.Text;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached.Tests.Topology;

public sealed class DistributionTests
{
    public static TheoryData<MemcachedDistribution> All => [.. Enum.GetValues<MemcachedDistribution>()];

    [Fact]
    public void Every_key_is_placed_where_libmemcached_and_EnyimMemcachedCore_place_it()
    {
        using var reader = new StreamReader(typeof(DistributionTests).Assembly.GetManifestResourceStream("placement.txt")!);
        var lines = reader.ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(line => line.Split('\t'))
            .ToArray();
        var rings = lines.Where(line => line[0] == "servers")
            .Select(line => Ring(Enum.Parse<MemcachedDistribution>(line[1]), line[2..]))
            .ToArray();
        var keys = lines.Where(line => line[0] != "servers").ToArray();

        Assert.Equal((16, 1000), (rings.Length, keys.Length));
        foreach (var key in keys)
        {
            Assert.Equal(key[1], string.Concat(rings.Select(ring => ring.Locate(Encoding.UTF8.GetBytes(key[0])))));
        }
    }

    // Computed once by another implementation of what docs/formats.md says.
    [Theory]
    [InlineData("a", 0, 3)]
    [InlineData("product:4711", 2, 3)]
    [InlineData("größe", 0, 3)]
    [InlineData("user:1", 0, 0)]
    [InlineData("user:2", 2, 3)]
    public void Rendezvous_is_what_the_formats_say(string key, int ofEqual, int ofWeighted)
    {
        var bytes = Encoding.UTF8.GetBytes(key);

        Assert.Equal(ofEqual, Ring(MemcachedDistribution.Rendezvous, "cache-1:11211", "cache-2:11211", "cache-3:11212").Locate(bytes));
        Assert.Equal(
            ofWeighted,
            Ring(MemcachedDistribution.Rendezvous, "cache-1:11211", "cache-2:11211 weight=2", "cache-3:11212", "/run/m.sock weight=4")
                .Locate(bytes));
    }

    // Computed once by another implementation of libmemcached's hash.cc, characters signed as there.
    [Theory]
    [InlineData("a", 0, 0, 0)]
    [InlineData("product:4711", 0, 0, 1)]
    [InlineData("größe", 2, 5, 6)]
    [InlineData("user:1", 2, 5, 4)]
    [InlineData("user:2", 2, 5, 3)]
    public void Modulo_is_libmemcacheds(string key, int ofThree, int ofSix, int ofSeven)
    {
        foreach (var (servers, expected) in new[] { (3, ofThree), (6, ofSix), (7, ofSeven) })
        {
            var ring = Ring(MemcachedDistribution.Modulo, [.. Enumerable.Range(1, servers).Select(server => $"10.0.0.{server}:11211")]);
            Assert.Equal(expected, ring.Locate(Encoding.UTF8.GetBytes(key)));
        }
    }

    [Fact]
    public void What_decides_where_a_key_is_can_be_compared()
    {
        Assert.Equal("cache-1:11211,cache-2:11211", Placement(MemcachedDistribution.Ketama, "cache-2", "cache-1:11211 weight=1"));
        Assert.Equal(
            "KetamaWeighted;cache-1:11211 weight=3,cache-2:11211",
            Placement(MemcachedDistribution.KetamaWeighted, "cache-2", "cache-1 weight=3"));
        Assert.Equal("Enyim;cache-1:11211,cache-2:11211", Placement(MemcachedDistribution.Enyim, "cache-2", "cache-1"));
        Assert.Equal("Modulo;cache-2:11211,cache-1:11211", Placement(MemcachedDistribution.Modulo, "cache-2", "cache-1"));
        Assert.Equal("cache-1:11211", Placement(MemcachedDistribution.Rendezvous, "cache-1 weight=3"));

        static string Placement(MemcachedDistribution distribution, params string[] servers) =>
            ServerLocators.Describe(new MemcachedOptions { Distribution = distribution }, [.. servers.Select(ServerEntry.Parse)]);
    }

    [Theory]
    [InlineData(MemcachedDistribution.Ketama)]
    [InlineData(MemcachedDistribution.KetamaWeighted)]
    [InlineData(MemcachedDistribution.KetamaSpy)]
    [InlineData(MemcachedDistribution.KetamaOneAtATime)]
    [InlineData(MemcachedDistribution.Rendezvous)]
    public void Taking_one_server_of_six_away_moves_its_own_keys_and_no_others(MemcachedDistribution distribution)
    {
        var (before, after) = Remove(distribution);
        Assert.All(before.Zip(after).Where(key => key.First != 5), key => Assert.Equal(key.First, key.Second));

        // A sixth is 16.7 %; rings of a hundred points a server are uneven.
        Assert.InRange(Moved(before, after), 0.13, 0.20);
    }

    [Fact]
    public void On_the_ring_of_EnyimMemcachedCore_it_moves_about_as_many()
    {
        // The last point on the ring gets what lies before the first, so another owner of the last point moves that too.
        var (before, after) = Remove(MemcachedDistribution.Enyim);
        Assert.InRange(Moved(before, after), 0.10, 0.24);
    }

    [Fact]
    public void With_modulo_most_keys_move()
    {
        var (before, after) = Remove(MemcachedDistribution.Modulo);
        Assert.InRange(Moved(before, after), 0.80, 0.86);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Without_servers_there_is_no_ring(MemcachedDistribution distribution) =>
        Assert.Throws<ArgumentException>(() => Ring(distribution));

    [Theory]
    [MemberData(nameof(All))]
    public void Weights_are_heeded_or_refused(MemcachedDistribution distribution)
    {
        string[] servers = ["10.0.0.1:11211 weight=1", "10.0.0.2:11211 weight=3"];
        if (!ServerLocators.SupportsWeights(distribution))
        {
            Assert.Throws<ArgumentException>(() => Ring(distribution, servers));
            return;
        }

        var ring = Ring(distribution, servers);
        Assert.InRange(Keys().Count(key => ring.Locate(key) == 1), 14_000, 16_000);
    }

    [Theory]
    [InlineData("cache-1", "cache-1:11211", 1)]
    [InlineData("cache-1:1 weight=7", "cache-1:1", 7)]
    [InlineData("[::1]:1  WEIGHT=1000", "[::1]:1", 1000)]
    [InlineData("/run/m.sock weight=2", "/run/m.sock", 2)]
    public void An_entry_is_an_address_and_perhaps_a_weight(string text, string name, int weight)
    {
        var entry = ServerEntry.Parse(text);
        Assert.Equal((name, weight), (entry.Name, entry.Weight));
    }

    [Theory]
    [InlineData("cache-1 weight=0")]
    [InlineData("cache-1 weight=1001")]
    [InlineData("cache-1 weight=")]
    [InlineData("cache-1 weight=-1")]
    [InlineData("cache-1 wait=1")]
    [InlineData(" weight=1")]
    [InlineData("")]
    [InlineData(null)]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(ServerEntry.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    private static (int[] Before, int[] After) Remove(MemcachedDistribution distribution)
    {
        var servers = Enumerable.Range(1, 6).Select(server => $"10.0.0.{server}:11211").ToArray();
        var before = Ring(distribution, servers);
        var after = Ring(distribution, servers[..5]);
        return ([.. Keys().Select(key => before.Locate(key))], [.. Keys().Select(key => after.Locate(key))]);
    }

    private static double Moved(int[] before, int[] after)
    {
        var share = before.Zip(after).Count(key => key.First != key.Second) / (double)before.Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"{share:p1} of the keys moved");
        return share;
    }

    private static IEnumerable<byte[]> Keys() => Enumerable.Range(0, 20_000).Select(key => Encoding.UTF8.GetBytes($"user:{key}"));

    private static IServerLocator Ring(MemcachedDistribution distribution, params string[] servers) =>
        ServerLocators.Create(distribution, [.. servers.Select(server => ServerEntry.Parse(server).ToWeightedServer())]);
}
