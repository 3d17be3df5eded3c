using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Tests.Reading;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Remote.Formats;

public sealed class CompressionTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("near ", 2_000));

    private readonly NearCacheOptions _options = new() { KeyPrefix = "", Compression = ValueCompression.Brotli };
    private readonly ValueTranscoder _format;

    public CompressionTests() =>
        _format = new ValueTranscoder(new EnvelopeFormat(), LosslessJsonOptions.Default, new ManualTime(), new ItemCompression(_options));

    public static TheoryData<ValueCompression> Ways => [ValueCompression.Brotli, ValueCompression.Deflate];

    private sealed record Product(int Number, string Name);

    [Theory]
    [InlineData(0x4E43_0141u, "648b31000080aaaaaaeaff74a5f3950e74e503c3015cfc4a936a121b8c3976d4f2c4d7")]
    [InlineData(0x4E43_0181u, "647801cb4b4d2c52c8a32d01000b252379")]
    public void The_documented_bytes_are_read(uint flags, string hex)
    {
        Assert.Equal(string.Concat(Enumerable.Repeat("near ", 20)), Read<string>(Item(flags, Convert.FromHexString(hex))));
        Assert.False(_format.TryDecompress(Item(flags, [.. Convert.FromHexString(hex), 0]), out _, out _), "something follows");
        Assert.Contains(hex, File.ReadAllText(Conventions.Repository.At("docs", "formats.md")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_was_compressed_is_read_and_says_how_it_was(ValueCompression way)
    {
        _options.Compression = way;

        foreach (var kind in new[] { Written(Text), Written(Encoding.UTF8.GetBytes(Text)), Written(new Product(1, Text)) })
        {
            Assert.True(Envelope.TryRead(kind.ClientFlags, out var envelope));
            Assert.Equal(way, envelope.Compression);
            Assert.InRange(kind.Value.Length, 1, 1_000);
        }

        Assert.Equal(Text, Read<string>(Item(Written(Text))));
        Assert.Equal(Encoding.UTF8.GetBytes(Text), Read<byte[]>(Item(Written(Encoding.UTF8.GetBytes(Text)))));
        Assert.Equal(new Product(1, Text), Read<Product>(Item(Written(new Product(1, Text)))));
    }

    [Fact]
    public void It_is_off_unless_the_settings_say_otherwise()
    {
        _options.Compression = new NearCacheOptions().Compression;

        Assert.Equal(0x4E43_0101u, Written(Text).ClientFlags);
        Assert.Equal(Text.Length, Written(Text).Value.Length);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_was_compressed_is_read_when_it_is_off_and_what_was_not_is_read_when_it_is_on(ValueCompression way)
    {
        _options.Compression = way;
        var compressed = Item(Written(Text));
        _options.Compression = ValueCompression.None;
        var plain = Item(Written(Text));

        Assert.Equal(Text, Read<string>(compressed));
        _options.Compression = way;
        Assert.Equal(Text, Read<string>(plain));
    }

    [Theory]
    [InlineData(4095, false)]
    [InlineData(4096, true)]
    public void Only_what_has_as_many_bytes_as_the_threshold_is_compressed(int length, bool isCompressed) =>
        Assert.Equal(isCompressed, Envelope.IsCompressed(Written(new string('a', length)).ClientFlags));

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_would_stay_larger_than_nine_tenths_is_sent_as_it_is(ValueCompression way)
    {
        _options.Compression = way;
        var random = new Random(3);
        var noise = new byte[20_000];
        random.NextBytes(noise);
        var mostlyNoise = (byte[])noise.Clone();
        mostlyNoise.AsSpan(19_000).Clear();
        var partlyNoise = (byte[])noise.Clone();
        partlyNoise.AsSpan(15_000).Clear();

        Assert.Equal(0x4E43_0102u, Written(noise).ClientFlags);
        Assert.Equal(0x4E43_0102u, Written(mostlyNoise).ClientFlags);
        Assert.True(Envelope.IsCompressed(Written(partlyNoise).ClientFlags));
        Assert.Equal(noise, Read<byte[]>(Item(Written(noise))));
        Assert.Equal(partlyNoise, Read<byte[]>(Item(Written(partlyNoise))));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Broken_bytes_never_become_more_than_is_allowed_however_they_are_broken(ValueCompression way)
    {
        _options.Compression = way;
        _options.Memcached.MaxValueBytes = 20_000;
        var written = Written(Text);
        var whole = written.Value.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.False(_format.TryDecompress(Item(written.ClientFlags, whole[..length]), out _, out var exception));
            Assert.IsType<FormatException>(exception);
        }

        var random = new Random(11);
        for (var round = 0; round < 20_000; round++)
        {
            var broken = (byte[])whole.Clone();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            if (_format.TryDecompress(Item(written.ClientFlags, broken), out var plain, out _))
            {
                Assert.InRange(plain.Value.Length, 0, 20_000);
                Assert.True(
                    way == ValueCompression.Brotli || plain.Value.Span.SequenceEqual(Encoding.UTF8.GetBytes(Text)),
                    "zlib's checksum finds every wrong byte");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_value_that_becomes_larger_than_MaxValueBytes_is_not_unpacked(ValueCompression way)
    {
        _options.Compression = way;
        var bomb = Item(Written(new string('a', 1_000_000)));
        Assert.InRange(bomb.Value.Length, 1, 10_000);
        _options.Memcached.MaxValueBytes = 999_999;

        Assert.False(_format.TryDecompress(bomb, out _, out var exception));
        Assert.Contains("MaxValueBytes is 999999", exception!.Message, StringComparison.Ordinal);

        // One that lies about its length is not unpacked beyond it.
        var lying = bomb.Value.ToArray();
        lying[0] = 0x81;
        lying[1] = 0x80;
        lying[2] = 0x01;
        Assert.False(_format.TryDecompress(bomb with { Value = lying }, out _, out _));
        Assert.False(_format.TryDecompress(bomb with { Value = (byte[])[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, .. lying[3..]] }, out _, out _));
        Assert.False(
            _format.TryDecompress(bomb with { Value = (byte[])[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, .. lying[3..]] }, out _, out _));
    }

    [Fact]
    public void A_value_that_is_too_large_is_not_made_to_fit()
    {
        _options.Memcached.MaxValueBytes = 5_000;

        Assert.Equal(5_001, Written(new string('a', 5_001)).Value.Length);
        Assert.InRange(Written(new string('a', 5_000)).Value.Length, 1, 1_000);
    }

    [Fact]
    public void A_process_that_knows_no_compression_finds_foreign_flags() =>

        // It reads the last 8 bits as the kind, and knows those up to 5.
        Assert.All(Ways, way => Assert.True((new Envelope(ValueKind.Json, way.Data).ToClientFlags() & 0xFF) > 5));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_path_reads_what_it_wrote_and_near_values_are_whole(ValueCompression way)
    {
        await using var remote = new EmbeddedRemote(TimeProvider.System);
        var options = Compressing(way);
        options.StaleLifetime = TimeSpan.FromHours(1);
        await using var cache = new NearCacheClient(options, remote);
        await using var other = new NearCacheClient(options, remote);
        var (hybrid, otherHybrid) = (new NearHybridCache(cache), new NearHybridCache(other));
        var (distributed, otherDistributed) = (new NearDistributedCache(cache), new NearDistributedCache(other));

        await cache.SetAsync("p:set", new Product(1, Text));
        Assert.Equal(new Product(2, Text), await cache.GetOrCreateAsync("p:made", _ => ValueTask.FromResult(new Product(2, Text))));
        await hybrid.SetAsync("hybrid", new Product(3, Text));
        await distributed.SetAsync("distributed", Encoding.UTF8.GetBytes(Text), new DistributedCacheEntryOptions());

        for (var round = 0; round < 2; round++)
        {
            Assert.All([cache, other], reader => Assert.Equal(new Product(1, Text), Value(reader.GetAsync<Product>("p:set"))));
            Assert.All([cache, other], reader => Assert.Equal(new Product(2, Text), Value(reader.GetAsync<Product>("p:made"))));
            Assert.Equal(new Product(1, Text), (await other.GetManyAsync<Product>(["p:set"]))["p:set"].Value);
            Assert.Equal(new Product(2, Text), await other.GetOrCreateAsync<Product>("p:made", _ => throw new InvalidOperationException()));
            Assert.Equal(
                new Product(3, Text), await otherHybrid.GetOrCreateAsync<Product>("hybrid", _ => throw new InvalidOperationException()));
            Assert.Equal(Encoding.UTF8.GetBytes(Text), await otherDistributed.GetAsync("distributed"));
        }

        foreach (var key in new[] { "p:set", "p:made", "h:hybrid", "d:distributed" })
        {
            var stored = await Stored(remote, key);
            Assert.True(Envelope.IsCompressed(stored.ClientFlags), key);
            Assert.InRange(stored.Value.Length, 1, 1_000);
        }
    }

    [Fact]
    public async Task Callers_who_wait_for_one_factory_get_the_value_not_what_is_stored()
    {
        await using var remote = new EmbeddedRemote(TimeProvider.System);
        await using var cache = new NearCacheClient(Compressing(ValueCompression.Brotli), remote);
        var made = new TaskCompletionSource<byte[]>();
        var callers = Enumerable.Range(0, 3).Select(_ => cache.GetOrCreateAsync("p:1", async _ => await made.Task).AsTask()).ToArray();
        made.SetResult(new byte[10_000]);

        var found = await Task.WhenAll(callers);
        Assert.Equal(3, found.Distinct().Count());
        Assert.All(found, bytes => Assert.Equal(new byte[10_000], bytes));
    }

    [Fact]
    public async Task Callers_who_wait_for_one_read_get_the_value_not_what_is_stored()
    {
        await using var server = FakeMemcached.Start();
        var options = Compressing(ValueCompression.Brotli);
        options.Memcached.Servers.Add(server.Address);
        await using var cache = new NearCacheClient(options);
        await cache.SetAsync("plain", new byte[10_000]);

        server.HoldReplies();
        var callers = Enumerable.Range(0, 3)
            .Select(_ => cache.GetOrCreateAsync<byte[]>("plain", _ => throw new InvalidOperationException()).AsTask())
            .ToArray();
        server.ReleaseReplies();

        var found = await Task.WhenAll(callers);
        Assert.Equal(3, found.Distinct().Count());
        Assert.All(found, bytes => Assert.Equal(new byte[10_000], bytes));
    }

    [Fact]
    public async Task A_broken_value_is_a_miss_that_is_counted_and_the_factory_replaces_it()
    {
        await using var remote = new EmbeddedRemote(TimeProvider.System);
        using var reasons = new UnreadableValues();
        await using var cache = new NearCacheClient(Compressing(ValueCompression.Deflate), remote, meterFactory: reasons);
        await cache.SetAsync("p:1", Text);
        var stored = await Stored(remote, "p:1");
        var broken = stored.Value.ToArray();
        broken[^1] ^= 1;
        await remote.Servers[0]
            .ExecuteAsync(MetaCommand.Set("p:1"u8.ToArray(), broken) with { ClientFlags = stored.ClientFlags }, CancellationToken.None);

        Assert.False((await cache.GetAsync<string>("p:1")).HasValue);
        Assert.Equal(["compression"], reasons.Found);
        Assert.Equal(Text, await cache.GetOrCreateAsync("p:1", _ => ValueTask.FromResult(Text)));
        Assert.Equal(Text, await new NearCacheReader(remote).ReadAsync("p:1"));
    }

    private static T? Value<T>(ValueTask<CacheResult<T>> read) => read.AsTask().GetAwaiter().GetResult().Value;

    private static NearCacheOptions Compressing(ValueCompression way) => new()
    {
        KeyPrefix = "",
        Compression = way,
        Rules =
        {
            new RuleOptions { Name = "p", Match = "p:*" },
            new RuleOptions { Name = "h", Match = "h:*" },
            new RuleOptions { Name = "d", Match = "d:*" },
        },
    };

    private static ValueTask<MetaResponse> Stored(EmbeddedRemote remote, string key) =>
        remote.Servers[0]
            .ExecuteAsync(MetaCommand.Get(Encoding.UTF8.GetBytes(key), MetaFields.Value | MetaFields.ClientFlags), CancellationToken.None);

    private static MetaResponse Item(MetaCommand command) => Item(command.ClientFlags, command.Value.ToArray());

    private static MetaResponse Item(uint flags, byte[] bytes) => new() { Status = MetaStatus.Ok, Value = bytes, ClientFlags = flags };

    private MetaCommand Written<T>(T value) => _format.Set([1], value, TimeSpan.FromHours(1));

    private T? Read<T>(MetaResponse item)
    {
        Exception? exception = null;
        Assert.True(!_format.IsCompressed(item) || _format.TryDecompress(item, out item, out exception), exception?.Message);
        Assert.True(_format.TryRead<T>(item, out var value, out var reason, out exception), $"{reason} {exception}");
        return value;
    }

    /// <summary>A process of its own for one read.</summary>
    private sealed class NearCacheReader(EmbeddedRemote remote)
    {
        public async Task<string?> ReadAsync(string key)
        {
            await using var cache = new NearCacheClient(new NearCacheOptions { KeyPrefix = "" }, remote);
            return (await cache.GetAsync<string>(key)).Value;
        }
    }

    private sealed class UnreadableValues : IMeterFactory
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<Meter> _made = new();   // others' instruments are asked about on their threads

        public UnreadableValues()
        {
            _listener.InstrumentPublished = (instrument, self) =>
            {
                if (_made.Contains(instrument.Meter) && instrument.Name == "nearcache.remote.unreadable")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Found.Add(tags[0].Value));
            _listener.Start();
        }

        public List<object?> Found { get; } = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _made.Enqueue(meter);
            return meter;
        }

        public void Dispose()
        {
            _listener.Dispose();
            foreach (var meter in _made)
            {
                meter.Dispose();
            }
        }
    }
}
