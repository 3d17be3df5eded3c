using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Slots;

public sealed class SlotReaderTests
{
    private readonly SlotReader _reader = new(8, 5000, 5000) { Members = 300 };

    [Fact]
    public void Connected_it_reads_every_slot_and_then_waits_for_events()
    {
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], _reader.Next(0, out _));
        ReadAll(0);
        Assert.Empty(_reader.Next(0, out var until));
        Assert.Equal(long.MaxValue, until);
    }

    [Fact]
    public void A_changed_slot_is_read_again_no_sooner_than_the_pace_allows()
    {
        ReadAll(0);
        _reader.Changed(2, 10);
        Assert.Empty(_reader.Next(10, out var until));
        Assert.Equal(60, until);
        Assert.Equal([2], _reader.Next(until, out _));
    }

    [Fact]
    public void What_this_process_writes_itself_is_read_again_after_the_pace()
    {
        ReadAll(0);
        _reader.Changed(2, 500, byOwnWrite: true);
        Assert.Empty(_reader.Next(500, out var until));
        Assert.Equal(560, until);
        Assert.Equal([2], _reader.Next(until, out _));
    }

    [Fact]
    public void A_change_that_was_not_its_own_is_read_at_once()
    {
        ReadAll(0);
        _reader.Changed(2, 500, byOwnWrite: true);
        _reader.WasNotOwn(2);
        Assert.Equal([2], _reader.Next(500, out _));

        ReadAll(500);
        _reader.WasNotOwn(2);
        Assert.Empty(_reader.Next(10_000, out _));
    }

    [Fact]
    public void The_more_slots_change_the_slower_each_is_read()
    {
        Assert.Equal(60, _reader.Pace(0));
        for (var slot = 0; slot < 8; slot++)
        {
            _reader.Changed(slot, 0);
        }

        Assert.Equal(480, _reader.Pace(9_999));
        Assert.Equal(60, _reader.Pace(10_000));
    }

    [Fact]
    public void After_a_new_session_everything_is_read_again_at_once()
    {
        ReadAll(0);
        _reader.Connected();
        Assert.Equal(8, _reader.Next(1, out _).Count);
    }

    [Fact]
    public void A_fleet_too_large_for_the_budget_reads_fewer_slots()
    {
        _reader.Members = 3000;
        Assert.Equal([0, 1], _reader.Next(0, out _));
    }

    [Fact]
    public void Each_announcement_is_given_once()
    {
        var ring = SlotRing.Empty.Merge([Any(1), Any(2)]);
        Assert.Equal(2, _reader.Read(0, ring, 1, 0, out _).Count());
        Assert.Empty(_reader.Unseen(0, ring, 1, out _));
        Assert.Equal([3L], _reader.Read(0, ring.Merge([Any(3)]), 1, 1, out var gap).Select(news => news.Versions[0].N));
        Assert.False(gap);
    }

    [Fact]
    public void Announcements_that_fell_off_before_they_were_read_are_a_gap()
    {
        var ring = SlotRing.Empty.Merge([Any(1)]);
        _reader.Read(0, ring, 1, 0, out _);
        for (var n = 2; n < 1000; n++)
        {
            ring = ring.Merge([Any(n)]);
        }

        Assert.Equal(ring.Announcements.Count, _reader.Read(0, ring, 1, 1, out var gap).Count());
        Assert.True(gap);
    }

    [Fact]
    public void A_ring_that_was_begun_anew_is_a_gap()
    {
        _reader.Read(0, SlotRing.Empty.Merge([Any(1), Any(2)]), 1, 0, out _);
        Assert.Single(_reader.Read(0, SlotRing.Empty.Merge([Any(9)]), 1, 1, out var gap));
        Assert.True(gap);
    }

    private static Announcement Any(long n) => new() { Server = 1, Key = new byte[] { 1 }, Versions = [new MutationVersion(n, n)] };

    private void ReadAll(long now)
    {
        for (var slot = 0; slot < 8; slot++)
        {
            _reader.Read(slot, SlotRing.Empty, 1, now, out _);
        }
    }
}
