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

    [Fact]
    public void A_set_keeps_the_eight_keys_that_were_read_last()
    {
        const int Lifetime = 40;
        var recent = new RecentReads(Lifetime);
        var random = new Random(1);
        var model = new List<ModelEntry>();   // the one that was read last comes last
        var hits = 0;
        for (var (i, second) = (0, 1); i < 200_000; i++, second += random.Next(4) == 0 ? 1 : 0)
        {
            // Twelve keys of one set, whose order the model knows because no two of them are read in one second.
            second++;
            var key = (uint)random.Next(1, 13);
            var hash = ((ulong)key << 33) | 77;
            var known = model.Find(entry => entry.Key == key);
            if (random.Next(10) == 0)
            {
                recent.Written(hash);
                known?.IsNear = false;
                continue;
            }

            var isHit = recent.Read(hash, second);
            if (known is { IsNear: true } && second - known.Filled < Lifetime / 2)
            {
                Assert.True(isHit);
            }
            else if (known is null or { IsNear: false } || second - known.Filled >= Lifetime)
            {
                Assert.False(isHit);
            }

            hits += isHit ? 1 : 0;
            if (known is not null)
            {
                model.Remove(known);
            }
            else if (model.Count == 8)
            {
                model.RemoveAt(0);
            }

            model.Add(new ModelEntry { Key = key, Filled = isHit ? known!.Filled : second, IsNear = true });
        }

        Assert.InRange(hits, 10_000, 190_000);
    }

    [Fact]
    public void A_set_is_filled_within_its_first_second()
    {
        var hashes = Enumerable.Range(1, 8).Select(key => (ulong)key << 33).ToArray();
        Array.ForEach(hashes, hash => Assert.False(_recent.Read(hash, second: 1)));

        Assert.All(hashes, hash => Assert.True(_recent.Read(hash, second: 1)));
    }

    private sealed class ModelEntry
    {
        public required uint Key { get; init; }

        public required int Filled { get; init; }

        public required bool IsNear { get; set; }
    }

    private static ulong HashOf(int key) => KeyHash.Of(Encoding.ASCII.GetBytes($"key:{key}")).Value;
}
