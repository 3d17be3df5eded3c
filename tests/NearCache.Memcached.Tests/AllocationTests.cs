using System.Buffers;
using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests;

/// <summary>What calls allocate in the whole process: they end on other threads than they began on. Runs when no other test does.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests(RealMemcachedTests.Server server) : IClassFixture<RealMemcachedTests.Server>
{
    private const int Calls = 500;
    private readonly ArrayBufferWriter<byte> _own = new(1024);
    private readonly byte[] _value = new byte[100];

    [Fact]
    public async Task A_get_into_the_callers_buffer_allocates_nothing()
    {
        await server.Client.SetAsync("mine", _value);

        var fewest = await FewestAsync(
            () =>
            {
                _own.ResetWrittenCount();
                return server.Client.GetAsync("mine", _own);
            },
            0);

        Assert.Equal(0, fewest);
        Assert.Equal(_value, _own.WrittenSpan);
    }

    [Fact]
    public async Task A_set_allocates_nothing() => Assert.Equal(0, await FewestAsync(() => server.Client.SetAsync("mine", _value), 0));

    [Fact]
    public async Task A_get_allocates_its_value_alone()
    {
        await server.Client.SetAsync("mine", _value);
        var values = Calls * (24 + _value.Length + 4);   // header and length, rounded up to 8

        Assert.Equal(values, await FewestAsync(() => server.Client.GetAsync("mine"), values));
    }

    [Theory]
    [InlineData("get")]
    [InlineData("get into")]
    [InlineData("get many")]
    public async Task A_length_alone_allocates_little(string how)
    {
        await using var fake = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { fake.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await client.GetAsync("warm");
        fake.Faults.OnCommand = line => line.Contains("huge", StringComparison.Ordinal)
            ? FakeFault.Garbage("VA 134217728\r\nx"u8.ToArray())
            : null;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var connection = client.Servers[0].Connections.Single();

        Task get = how switch
        {
            "get" => client.GetAsync("huge").AsTask(),
            "get into" => client.GetAsync("huge", _own).AsTask(),
            _ => client.GetManyAsync(["huge"]),
        };
        await Eventually.BecomesTrueAsync(
            () => client.Servers[0].Connections.Single().BytesReceived >= connection.BytesReceived + 15, "the length arrives");
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => get);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 16 << 20);
    }

    // By one caller after the other: what a batch of calls shares is not shared here. The fewest bytes that so many calls allocated: at
    // first code is not compiled as well as it gets.
    private static async Task<long> FewestAsync<T>(Func<ValueTask<T>> call, long atMost)
    {
        var fewest = long.MaxValue;
        for (var clock = Stopwatch.StartNew(); fewest > atMost && clock.Elapsed < TimeSpan.FromSeconds(30);)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Calls; i++)
            {
                await call();
            }

            fewest = Math.Min(fewest, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return fewest;
    }
}
