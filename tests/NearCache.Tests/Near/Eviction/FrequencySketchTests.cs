using NearCache.Near.Eviction;

namespace NearCache.Tests.Near.Eviction;

public sealed class FrequencySketchTests
{
    // 40 additions per entry end a period. Two words per entry are halved, 64 of them by each of the next additions.
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(10_000)]
    public void Counts_are_halved_after_a_period_a_few_by_each_addition(int entries)
    {
        var sketch = new FrequencySketch(entries);
        uint[] keys = [.. Enumerable.Range(0, Math.Min(entries, 50)).Select(number => (uint)number * 0x9E37_79B1)];
        foreach (var key in keys)
        {
            sketch.Add(key, 12);
        }

        const uint other = 7;
        for (var additions = 12 * keys.Length; additions < (40 * entries) - 1; additions++)
        {
            sketch.Add(other);
        }

        Assert.All(keys, key => Assert.InRange(sketch.Estimate(key), 12, 15));
        var steps = ((2 * entries) + 63) / 64;
        for (var step = 1; step <= steps; step++)
        {
            Assert.Contains(keys, key => step > 2 || sketch.Estimate(key) >= 12);
            sketch.Add(other);
        }

        Assert.All(keys, key => Assert.InRange(sketch.Estimate(key), 6, 7));
    }
}
