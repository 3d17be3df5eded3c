using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace NearCache.Tests.Hybrid;

public sealed class HybridSerializersTests
{
    [Fact]
    public async Task Values_come_back_as_they_were()
    {
        await using var world = HybridWorld.Start();

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
        await using var world = HybridWorld.Start();
        await world.Cache.SetAsync("shared", new Shared("one"));
        await world.Cache.SetAsync("bytes", new byte[] { 1 });

        Assert.Same(await ReadAsync<Shared>(world.Cache, "shared"), await ReadAsync<Shared>(world.Cache, "shared"));
        var mine = await ReadAsync<byte[]>(world.Cache, "bytes");
        mine[0] = 2;
        Assert.Equal([1], await ReadAsync<byte[]>(world.Cache, "bytes"));
    }

    [Fact]
    public async Task A_value_that_its_maker_changes_is_not_changed_for_others()
    {
        await using var world = HybridWorld.Start();
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
        await using var world = HybridWorld.Start(face: new NearHybridCacheOptions { SerializerFactories = { new Factory("mine") } });
        await world.Cache.SetAsync("key", "no temperature");

        var made = await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(new Celsius(21)));

        Assert.Equal(21, made.Degrees);
        Assert.Equal(21, (await ReadAsync<Celsius>(world.Cache, "key")).Degrees);
    }

    [Fact]
    public async Task A_value_above_the_limit_reaches_its_caller_and_is_stored_nowhere()
    {
        await using var world = HybridWorld.Start(face: new NearHybridCacheOptions { MaximumPayloadBytes = 10 });

        Assert.Equal("0123456789", await world.Cache.MakeAsync("fits", "0123456789"));
        Assert.Equal("0123456789x", await world.Cache.MakeAsync("too large", "0123456789x"));

        Assert.Equal("0123456789", await world.Cache.AnywhereAsync("fits"));
        Assert.Null(await world.Cache.AnywhereAsync("too large"));
        Assert.Equal("short", await world.Cache.MakeAsync("too large", "short"));
    }

    [Fact]
    public async Task Setting_a_value_above_the_limit_leaves_nothing_of_the_value_before()
    {
        await using var world = HybridWorld.Start(face: new NearHybridCacheOptions { MaximumPayloadBytes = 10 });
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

    private static ValueTask<T> ReadAsync<T>(HybridCache cache, string key) => cache.GetOrCreateAsync<T>(key, _ => throw new InvalidOperationException($"{key} is not there."));

    [ImmutableObject(true)]
    private sealed record Shared(string Name);

    private sealed record Celsius(int Degrees, string? By = null);

    private sealed class Named(string name) : IHybridCacheSerializer<Celsius>
    {
        public Celsius Deserialize(ReadOnlySequence<byte> source) => new(int.Parse(Encoding.UTF8.GetString(source), System.Globalization.CultureInfo.InvariantCulture), name);

        public void Serialize(Celsius value, IBufferWriter<byte> target) => Encoding.UTF8.GetBytes($"{value.Degrees}", target);
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
