using System.Text;
using NearCache.Coherence.Core;
using NearCache.HotKeys.Core;

namespace NearCache.Tests.HotKeys;

public sealed class RecentReadsTests
{
    private readonly RecentReads _recent = new(lifetime: 60);

    [Fact]
    public void A_key_that_is_read_again_within_its_lifetime_would_be_near()
    {
        Assert.False(_recent.Read(HashOf(1), second: 100));
        Assert.True(_recent.Read(HashOf(1), second: 100));
        Assert.True(_recent.Read(HashOf(1), second: 129));
        Assert.False(_recent.Read(HashOf(1), second: 161));
        Assert.True(_recent.Read(HashOf(1), second: 162));
    }

    [Fact]
    public void A_written_key_would_not_be_near()
    {
        _recent.Read(HashOf(1), second: 100);
        _recent.Read(HashOf(2), second: 100);
        _recent.Written(HashOf(1));
        _recent.Written(HashOf(3));

        Assert.False(_recent.Read(HashOf(1), second: 101));
        Assert.True(_recent.Read(HashOf(2), second: 101));
    }

    [Fact]
    public void Hot_keys_stay_while_many_others_are_read_once()
    {
        var (hits, reads) = (0, 0);
        for (var i = 0; i < 500_000; i++)
        {
            var second = 100 + (i / 2500);
            _recent.Read(HashOf(1_000_000 + i), second);
            if (i % 10 == 0)
            {
                reads++;
                hits += _recent.Read(HashOf(i / 10 % 500), second) ? 1 : 0;
            }
        }

        Assert.InRange(hits / (double)reads, 0.9, 1);
    }

    [Fact]
    public void Keys_that_are_read_once_in_ten_minutes_would_not_be_near()
    {
        var hits = 0;
        for (var round = 0; round < 3; round++)
        {
            for (var key = 0; key < 1000; key++)
            {
                hits += _recent.Read(HashOf(key), second: 100 + (600 * round)) ? 1 : 0;
            }
        }

        Assert.Equal(0, hits);
    }

    private static ulong HashOf(int key) => KeyHash.Of(Encoding.ASCII.GetBytes($"key:{key}")).Value;
}
