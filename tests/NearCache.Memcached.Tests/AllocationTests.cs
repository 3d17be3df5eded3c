using System.Buffers;
using System.Diagnostics;

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

    // By one caller after the other: what a batch of calls shares is not shared here. The fewest bytes that so many calls allocated: at first code is not compiled as well as it gets.
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
