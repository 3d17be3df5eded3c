using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Slots;

public sealed class AnnouncementQueueTests
{
    [Fact]
    public void A_key_that_is_written_again_waits_once_with_all_its_versions_newest_first()
    {
        var queue = new AnnouncementQueue(4096);
        Add(queue, "a", 1);
        Add(queue, "b", 2);
        Add(queue, "a", 3);

        var taken = queue.TakeAll();

        Assert.Equal(["b", "a"], taken.Select(announcement => Encoding.UTF8.GetString(announcement.Key.Span)));
        Assert.Equal([new MutationVersion(3, 103), new MutationVersion(1, 101)], taken[1].Versions);
        Assert.Equal((1, 0), (queue.Merged, queue.Dropped));
        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void The_same_key_of_two_servers_waits_twice()
    {
        var queue = new AnnouncementQueue(4096);
        queue.Add(1, 0, "a"u8.ToArray(), new MutationVersion(1, 1));
        queue.Add(2, 0, "a"u8.ToArray(), new MutationVersion(1, 1));
        Assert.Equal(2, queue.TakeAll().Count);
    }

    [Fact]
    public void A_key_carries_no_more_versions_than_the_format_allows()
    {
        var queue = new AnnouncementQueue(4096);
        for (var n = 1; n <= 100; n++)
        {
            Add(queue, "a", n);
        }

        var versions = queue.TakeAll().Single().Versions;
        Assert.Equal((Announcement.MaxVersions, 100), (versions.Count, versions[0].N));
    }

    [Fact]
    public void What_does_not_fit_is_dropped_oldest_first_and_counted()
    {
        var queue = new AnnouncementQueue(200);
        for (var n = 1; n <= 20; n++)
        {
            Add(queue, $"key:{n}", n);
        }

        var taken = queue.TakeAll();
        Assert.Equal(20, taken[^1].Versions[0].N);
        Assert.Equal(20 - taken.Count, queue.Dropped);
    }

    [Fact]
    public void All_that_waits_fits_into_one_slot()
    {
        var queue = new AnnouncementQueue(SlotRing.MaxBytes - 100);
        for (var n = 1; n <= 1000; n++)
        {
            Add(queue, $"key:{n % 300}", n);
        }

        var taken = queue.TakeAll();
        Assert.Equal(taken.Count, SlotRing.Empty.Merge(taken).Announcements.Count);
    }

    [Fact]
    public void Without_counters_nothing_is_ever_dropped_but_becomes_a_mask_of_segments()
    {
        var queue = new AnnouncementQueue(100, keepsOverflow: true);
        for (var segment = 0; segment < 20; segment++)
        {
            queue.Add(7, segment, Encoding.UTF8.GetBytes($"key:{segment}"), null);
        }

        var taken = queue.TakeAll();
        var mask = taken[0].Flushed;
        Assert.Equal(0, queue.Dropped);
        Assert.Equal((1ul << 20) - 1, taken.Skip(1).Aggregate(mask, (all, announcement) => all | 1ul << announcement.Segment));

        queue.GiveUp(taken);
        Assert.Equal((1ul << 20) - 1, queue.TakeAll().Single().Flushed);
    }

    private static void Add(AnnouncementQueue queue, string key, long n) =>
        queue.Add(1, 0, Encoding.UTF8.GetBytes(key), new MutationVersion(n, 100 + n));
}
