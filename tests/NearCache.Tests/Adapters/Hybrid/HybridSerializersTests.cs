using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Adapters.Hybrid;

public sealed class HybridSerializersTests
{
    private const int TooLarge = 1601;

    [Fact]
    public async Task Values_come_back_as_they_were()
    {
        await using var world = HybridFixture.Start();

        await ComesBackAsync(world.Cache, "größe");
        await ComesBackAsync(world.Cache, "");
        await ComesBackAsync(world.Cache, 42);
        await ComesBackAsync(world.Cache, new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)));
        await ComesBackAsync(world.Cache, new byte[] { 0, 1, 255 });
        await ComesBackAsync(world.Cache, new Dictionary<string, int> { ["a"] = 1 });
        await ComesBackAsync<string?>(world.Cache, null);
        await ComesBackAsync<int?>(world.Cache, null);
        await ComesBackAsync(world.Cache, new Shared("one"));
    }

    [Fact]
    public async Task Values_that_cannot_be_changed_are_shared_and_others_copied()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("shared", new Shared("one"));
        await world.Cache.SetAsync("bytes", new byte[] { 1 });

        Assert.Same(await ReadAsync<Shared>(world.Cache, "shared"), await ReadAsync<Shared>(world.Cache, "shared"));
        var mine = await ReadAsync<byte[]>(world.Cache, "bytes");
        mine[0] = 2;
        Assert.Equal([1], await ReadAsync<byte[]>(world.Cache, "bytes"));
    }

    // Microsoft asks for both: a type that can be derived from may hold anything.
    [Fact]
    public async Task Only_sealed_types_that_say_so_are_shared()
    {
        await using var world = HybridFixture.Start();

        Assert.True(await IsSharedAsync(new Shared("both")));
        Assert.False(await IsSharedAsync(new SealedAlone("one")));
        Assert.False(await IsSharedAsync(new ImmutableAlone("one")));
        Assert.False(await IsSharedAsync(new SaysNo("neither")));

        async Task<bool> IsSharedAsync<T>(T value)
            where T : class
        {
            var key = typeof(T).Name;
            await world.Cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(value));
            var (one, other) = (await ReadAsync<T>(world.Cache, key), await ReadAsync<T>(world.Cache, key));
            Assert.Equal((value, value), (one, other));
            return ReferenceEquals(one, other);
        }
    }

    [Fact]
    public async Task A_value_that_its_maker_changes_is_not_changed_for_others()
    {
        await using var world = HybridFixture.Start();
        var made = await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(new List<int> { 1 }));

        made.Add(2);

        Assert.Equal([1], await ReadAsync<List<int>>(world.Cache, "key"));
    }

    [Fact]
    public async Task A_registered_serializer_is_used_and_before_it_no_other()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IHybridCacheSerializer<Celsius>>(new Named("registered"));
        services.AddSingleton<IHybridCacheSerializerFactory>(new Factory("factory"));
        services.AddNearCache(_ => { }).AddHybridCache();
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<HybridCache>();

        await cache.SetAsync("key", new Celsius(20));

        Assert.Equal("registered", (await ReadAsync<Celsius>(cache, "key")).By);
    }

    [Fact]
    public async Task The_last_factory_that_knows_the_type_counts()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IHybridCacheSerializerFactory>(new Factory("first"));
        services.AddSingleton<IHybridCacheSerializerFactory>(new Factory("last"));
        services.AddSingleton<IHybridCacheSerializerFactory>(new Factory(null));
        services.AddNearCache(_ => { }).AddHybridCache();
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<HybridCache>();

        await cache.SetAsync("key", new Celsius(20));
        await cache.SetAsync("other", new List<int> { 1 });

        Assert.Equal("last", (await ReadAsync<Celsius>(cache, "key")).By);
        Assert.Equal([1], await ReadAsync<List<int>>(cache, "other"));
    }

    [Fact]
    public async Task A_serializer_that_fails_on_what_is_stored_makes_it_a_miss()
    {
        await using var world = HybridFixture.Start(adapter: new NearHybridCacheOptions { SerializerFactories = { new Factory("mine") } });
        await world.Cache.SetAsync("key", "no temperature");

        var made = await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(new Celsius(21)));

        Assert.Equal(21, made.Degrees);
        Assert.Equal(21, (await ReadAsync<Celsius>(world.Cache, "key")).Degrees);
    }

    [Fact]
    public async Task What_a_serializer_cannot_write_is_stored_nowhere_and_its_caller_sees_why()
    {
        await using var world = HybridFixture.Start(adapter: new NearHybridCacheOptions { SerializerFactories = { new Factory("mine") } });
        await world.Cache.SetAsync("set", new Celsius(20));
        foreach (var flags in new[] { HybridCacheEntryFlags.None, HybridCacheEntryFlags.DisableDistributedCache })
        {
            await Assert.ThrowsAsync<NotSupportedException>(
                async () =>
                    await world.Cache.GetOrCreateAsync(
                        "made", _ => ValueTask.FromResult(Celsius.Unwritable), new HybridCacheEntryOptions { Flags = flags }));
        }

        await Assert.ThrowsAsync<NotSupportedException>(async () => await world.Cache.SetAsync("set", Celsius.Unwritable));

        Assert.Equal(21, (await world.Cache.GetOrCreateAsync("made", _ => ValueTask.FromResult(new Celsius(21)))).Degrees);
        Assert.Equal(20, (await ReadAsync<Celsius>(world.Cache, "set")).Degrees);
    }

    [Theory]
    [InlineData(10L, 10)]
    [InlineData(null, 1 << 20)]
    public async Task A_value_above_the_limit_reaches_its_caller_is_logged_and_stored_nowhere(long? limit, int longest)
    {
        await using var world = HybridFixture.Start(
            adapter: limit is { } most ? new NearHybridCacheOptions { MaximumPayloadBytes = most } : null);
        var (fits, tooLarge) = (new string('x', Math.Min(longest, 1_000_000)), new string('x', longest + 1));

        Assert.Equal(fits, await world.Cache.MakeAsync("fits", fits));
        Assert.Empty(world.Log.Of(TooLarge));
        Assert.Equal(tooLarge, await world.Cache.MakeAsync("too large", tooLarge));

        Assert.Equal(
            $"HybridCache: a value of {longest + 1} bytes is not stored, because MaximumPayloadBytes is {longest}.",
            Assert.Single(world.Log.Of(TooLarge)));
        Assert.Equal(fits, await world.Cache.AnywhereAsync("fits"));
        Assert.Null(await world.Cache.AnywhereAsync("too large"));
        Assert.Equal("short", await world.Cache.MakeAsync("too large", "short"));
    }

    // As large as MaximumPayloadBytes allows, but an item has a header, and memcached takes a MiB.
    [Fact]
    public async Task A_value_that_memcached_does_not_take_is_no_other_than_one_above_the_limit()
    {
        await using var server = FakeMemcached.Start();
        using var log = new LogRecorder();
        await using var client = new NearCacheClient(new NearCacheOptions { Memcached = { Servers = { server.Address } } }, log);
        var cache = new NearHybridCache(client);
        await Eventually.BecomesTrueAsync(
            async () => await cache.MakeAsync("key", "old") == "old" && await cache.AnywhereAsync("key") == "old", "it is connected");
        var large = new string('x', 1 << 20);

        Assert.Equal(large, await cache.MakeAsync("made", large));
        await cache.SetAsync("key", large);

        Assert.Equal((null, null), (await cache.AnywhereAsync("made"), await cache.AnywhereAsync("key")));
        Assert.Equal(2, log.Of(TooLarge).Count(text => text.Contains("MaxValueBytes is 1048576", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Setting_a_value_above_the_limit_leaves_nothing_of_the_value_before()
    {
        await using var world = HybridFixture.Start(adapter: new NearHybridCacheOptions { MaximumPayloadBytes = 10 });
        await world.Cache.SetAsync("key", "old");

        await world.Cache.SetAsync("key", "0123456789x");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    private static async Task ComesBackAsync<T>(HybridCache cache, T value)
    {
        var key = $"{typeof(T)} {(value is null ? "null" : value)}";
        Assert.Equal(value, await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(value)));
        Assert.Equal(value, await ReadAsync<T>(cache, key));
        await cache.SetAsync(key, value);
        Assert.Equal(value, await ReadAsync<T>(cache, key));
        Assert.Equal(value, await ReadAsync<T>(cache, key));
    }

    private static ValueTask<T> ReadAsync<T>(HybridCache cache, string key) =>
        cache.GetOrCreateAsync<T>(key, _ => throw new InvalidOperationException($"{key} is not there."));

    [ImmutableObject(true)]
    private sealed record Shared(string Name);

    private sealed record SealedAlone(string Name);

    [ImmutableObject(true)]
    [SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "That it is not is the point.")]
    private record ImmutableAlone(string Name);

    [ImmutableObject(false)]
    private sealed record SaysNo(string Name);

    private sealed record Celsius(int Degrees, string? By = null)
    {
        public static readonly Celsius Unwritable = new(-274);
    }

    private sealed class Named(string name) : IHybridCacheSerializer<Celsius>
    {
        public Celsius Deserialize(ReadOnlySequence<byte> source) =>
            new(int.Parse(Encoding.UTF8.GetString(source), System.Globalization.CultureInfo.InvariantCulture), name);

        public void Serialize(Celsius value, IBufferWriter<byte> target) =>
            Encoding.UTF8.GetBytes(
                value == Celsius.Unwritable ? throw new NotSupportedException("No such temperature.") : $"{value.Degrees}", target);
    }

    private sealed class Factory(string? name) : IHybridCacheSerializerFactory
    {
        public bool TryCreateSerializer<T>([NotNullWhen(true)] out IHybridCacheSerializer<T>? serializer)
        {
            serializer = name is null ? null : new Named(name) as IHybridCacheSerializer<T>;
            return serializer is not null;
        }
    }
}
