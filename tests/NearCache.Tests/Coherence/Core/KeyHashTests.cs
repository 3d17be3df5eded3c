using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Core;

public sealed class KeyHashTests
{
    // The vectors of docs/formats.md. Other processes of the fleet depend on every bit.
    [Theory]
    [InlineData("", 0xefd01f60ba992926, 38, 1188)]
    [InlineData("a", 0x82a2a958a9bece5b, 27, 2873)]
    [InlineData("product:4711", 0xf5ad38285999bd85, 5, 1782)]
    [InlineData("größe", 0x2eb895f56869eaa1, 33, 1962)]
    [InlineData("cache-1.example:11211", 0xa2bf6f236ae884f5, 53, 531)]
    public void The_hash_of_a_key_is_the_one_on_record(string key, ulong hash, int segment, int stripe)
    {
        var actual = KeyHash.Of(Encoding.UTF8.GetBytes(key));
        Assert.Equal((hash, segment, stripe), (actual.Value, actual.Segment, actual.Stripe(Stripes.Count)));
    }

    [Fact]
    public void Keys_spread_evenly_over_segments_and_over_the_stripes_of_one_segment()
    {
        var segments = new int[KeyHash.Segments];
        var stripes = new HashSet<int>();
        for (var key = 0; key < 64_000; key++)
        {
            var hash = KeyHash.Of(Encoding.UTF8.GetBytes($"product:{key}"));
            segments[hash.Segment]++;
            if (hash.Segment == 5)
            {
                stripes.Add(hash.Stripe(Stripes.Count));
            }
        }

        Assert.All(segments, count => Assert.InRange(count, 800, 1200));
        Assert.InRange(stripes.Count, 700, 1100);
    }
}
