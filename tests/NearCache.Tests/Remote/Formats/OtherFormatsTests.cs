using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Tests.Reading;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Remote.Formats;

public sealed class OtherFormatsTests
{
    // D double, B bool, N null, L long, T date, A array, G UUID, Y bytes; put together by hand after bsonspec.org.
    private const string Everything =
        "65000000014400000000000000F83F084200010A4E00124C0000000000000100000954007BE258DDB80100000441001300000010300007000000"
        + "10310008000000000547001000000004000102030405060708090A0B0C0D0E0F0559000200000000010200";

    private readonly ValueTranscoder _enyim = new(new EnyimFormat(), LosslessJsonOptions.Default, new ManualTime());
    private readonly ValueTranscoder _raw = new(new RawFormat(), LosslessJsonOptions.Default, new ManualTime());

    private sealed record Product(int Number, string Name);

    private sealed record Sample(double D, bool B, string? N, long L, DateTime T, int[] A, Guid G, byte[] Y);

    [Fact]
    public void The_bytes_are_those_of_EnyimMemcachedCore()
    {
        Assert.Equal("00000112 67-72-C3-B6-C3-9F-65", Written(_enyim, "größe"));
        Assert.Equal("0000FA52 01-00-FF", Written(_enyim, new byte[] { 1, 0, 255 }));
        Assert.Equal("00000103 01", Written(_enyim, true));
        Assert.Equal("00000104 DF-00", Written(_enyim, 'ß'));
        Assert.Equal("00000105 FF", Written(_enyim, (sbyte)-1));
        Assert.Equal("00000109 2A-00-00-00", Written(_enyim, 42));
        Assert.Equal("0000010B FE-FF-FF-FF-FF-FF-FF-FF", Written(_enyim, -2L));
        Assert.Equal("0000010C FF-FF-FF-FF-FF-FF-FF-FF", Written(_enyim, ulong.MaxValue));
        Assert.Equal("0000010E 00-00-00-00-00-00-F8-3F", Written(_enyim, 1.5));
        Assert.Equal("00000102 ", Written<string?>(_enyim, null));
        Assert.Equal(
            "00000101 20-00-00-00-10-4E-75-6D-62-65-72-00-01-00-00-00-02-4E-61-6D-65-00-05-00-00-00-63-6F-61-74-00-00",
            Written(_enyim, new Product(1, "coat")));
        Assert.Equal("00000101 13-00-00-00-10-30-00-07-00-00-00-10-31-00-08-00-00-00-00", Written(_enyim, new[] { 7, 8 }));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        Reread("");
        Reread(new byte[] { 1, 2 });
        Reread(true);
        Reread('ß');
        Reread(sbyte.MinValue);
        Reread(byte.MaxValue);
        Reread(short.MinValue);
        Reread(ushort.MaxValue);
        Reread(int.MinValue);
        Reread(uint.MaxValue);
        Reread(long.MinValue);
        Reread(ulong.MaxValue);
        Reread(float.Epsilon);
        Reread(double.MaxValue);
        Reread(new DateTime(2030, 1, 1, 12, 0, 0, DateTimeKind.Utc));
        Reread(new Product(1, "größe"));
        Reread(new Dictionary<string, long> { ["a"] = 1L << 40, ["b"] = -1 });
        Reread(new List<Product> { new(1, "a"), new(2, "b") });
    }

    [Fact]
    public void Every_type_that_BSON_and_JSON_share_is_read()
    {
        Assert.True(_enyim.TryRead<Sample>(Item(0x101, Everything), out var found, out _, out _));
        Assert.Equal((1.5, true, null, 1L << 40), (found!.D, found.B, found.N, found.L));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1893499200123).UtcDateTime, found.T);
        Assert.Equal([7, 8], found.A);
        Assert.Equal(new Guid([.. Enumerable.Range(0, 16).Select(value => (byte)value)]), found.G);
        Assert.Equal([1, 2], found.Y);
    }

    [Fact]
    public void Broken_BSON_is_a_miss_however_it_is_broken()
    {
        var whole = Convert.FromHexString(Everything);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.False(_enyim.TryRead<Sample>(Item(0x101, Convert.ToHexString(whole[..length])), out _, out var reason, out _));
            Assert.Equal("content", reason);
        }

        var random = new Random(11);
        for (var round = 0; round < 20_000; round++)
        {
            var broken = (byte[])whole.Clone();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            _enyim.TryRead<Sample>(Item(0x101, Convert.ToHexString(broken)), out _, out _, out _);
        }
    }

    [Theory]
    [InlineData(0x4E43_0101u, "foreign")]
    [InlineData(0x1_0112u, "foreign")]
    [InlineData(0x20u, "foreign")]
    [InlineData(0x109u, "kind")]
    [InlineData(0xFA52u, "kind")]
    public void Other_flags_are_a_miss_with_a_reason(uint flags, string expected)
    {
        Assert.False(_enyim.TryRead<string>(Item(flags, "61"), out _, out var reason, out _));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x100u)]
    public void Items_without_a_type_are_text(uint flags)
    {
        Assert.True(_enyim.TryRead<string>(Item(flags, "3432"), out var value, out _, out _));
        Assert.Equal("42", value);
        Assert.False(_enyim.TryRead<int>(Item(flags, "3432"), out _, out var reason, out _));
        Assert.Equal("kind", reason);
    }

    [Fact]
    public void A_number_of_another_length_is_broken()
    {
        Assert.False(_enyim.TryRead<int>(Item(0x109, "2A00"), out _, out var reason, out _));
        Assert.Equal("content", reason);
        Assert.False(_enyim.TryRead<DateTime>(Item(0x110, "FFFFFFFFFFFFFF3F"), out _, out reason, out _));
        Assert.Equal("content", reason);
    }

    [Fact]
    public void What_BSON_has_no_root_for_is_refused_before_anything_is_sent() =>
        Assert.Throws<ArgumentException>(() => _enyim.Set([1], 1.5m, TimeSpan.FromHours(1)));

    [Fact]
    public void Raw_bytes_are_whatever_they_are_asked_for()
    {
        Assert.Equal("00000000 34-32", Written(_raw, 42));
        Assert.Equal("00000000 34-32", Written(_raw, "42"));
        Assert.Equal("4E430103 ", Written<string?>(_raw, null));
        foreach (var flags in new[] { 0u, 1u, 0x112u, 0x4E43_0101u })
        {
            Assert.True(_raw.TryRead<string>(Item(flags, "3432"), out var text, out _, out _));
            Assert.True(_raw.TryRead<int>(Item(flags, "3432"), out var number, out _, out _));
            Assert.Equal(("42", 42), (text, number));
        }

        Assert.True(_raw.TryRead<string>(Item(0x4E43_0103, ""), out var nothing, out _, out _));
        Assert.Null(nothing);
    }

    [Fact]
    public async Task A_warm_cache_of_EnyimMemcachedCore_is_read_and_kept_near()
    {
        await using var servers = new Three();
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            Format = StoredFormat.EnyimDefault,
            UseLeases = false,
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            RuleLease = TimeSpan.FromMilliseconds(1001),
            AuditInterval = TimeSpan.FromMilliseconds(100),
        };
        options.Memcached.Distribution = MemcachedDistribution.Enyim;
        options.Memcached.Servers = [.. servers.Addresses];
        await using (
            var other = new MemcachedClient(
                new MemcachedOptions { Servers = [.. servers.Addresses], Distribution = MemcachedDistribution.Enyim }))
        {
            for (var key = 0; key < 30; key++)
            {
                await other.SetAsync(
                    $"product:{key}",
                    Convert.FromHexString("20000000104E756D6265720001000000024E616D650005000000636F61740000"),
                    clientFlags: 0x101);
            }
        }

        await using var cache = new NearCacheClient(options);
        string[] keys = [.. Enumerable.Range(0, 30).Select(key => $"product:{key}")];

        // A busy machine may not answer in time; what it answers is right from the first.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var read = (await cache.GetManyAsync<Product>(keys)).Values.Where(result => result.HasValue).ToArray();
                Assert.All(read, result => Assert.Equal(new Product(1, "coat"), result.Value));
                return read.Length == keys.Length;
            },
            "all are read");
        await Eventually.BecomesTrueAsync(
            async () =>
                (await cache.GetManyAsync<Product>(keys)).Values.All(
                    result => result.Source == CacheSource.Near && result.Value == new Product(1, "coat")), "all are near");
        Assert.Equal(new Product(2, "hat"), await cache.GetOrCreateAsync("product:new", _ => ValueTask.FromResult(new Product(2, "hat"))));
        Assert.Equal(new Product(2, "hat"), (await cache.GetAsync<Product>("product:new")).Value);
    }

    private static string Written<T>(ValueTranscoder format, T value)
    {
        var command = format.Set([1], value, TimeSpan.FromHours(1));
        return $"{command.ClientFlags:X8} {BitConverter.ToString(command.Value.ToArray())}";
    }

    private void Reread<T>(T value)
    {
        var command = _enyim.Set([1], value, TimeSpan.FromHours(1));
        Assert.True(
            _enyim.TryRead<T>(
                new MetaResponse { Status = MetaStatus.Ok, Value = command.Value.ToArray(), ClientFlags = command.ClientFlags },
                out var found,
                out _,
                out _));
        Assert.Equal(value, found);
    }

    private static MetaResponse Item(uint flags, string hex) =>
        new() { Status = MetaStatus.Ok, Value = Convert.FromHexString(hex), ClientFlags = flags };

    private sealed class Three : IAsyncDisposable
    {
        private readonly FakeMemcached[] _servers = [FakeMemcached.Start(), FakeMemcached.Start(), FakeMemcached.Start()];

        public string[] Addresses => [.. _servers.Select(server => server.Address)];

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
