using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Slots;
using NearCache.Coherence.Slots.Core;
using NearCache.TestSupport;

namespace NearCache.Tests.Coherence.Slots;

public sealed class SlotBoardTests
{
    private const int Own = 3;
    private readonly SlotBoard _board = new(new BudgetOptions(), member: 11, keepsOverflow: false, maxStaleness: 5000, new ManualTime());

    public SlotBoardTests() => _board.MembersCounted(1);

    [Fact]
    public void Nothing_is_read_or_written_without_a_connection()
    {
        Announce(1);
        Assert.Empty(_board.NextReads(0, out var until));
        Assert.Equal(long.MaxValue, until);
        Assert.Equal(SlotStepKind.Wait, _board.NextWrite(0).Kind);

        _board.Connected(isNewSession: true);
        Assert.Equal(NamespacePaths.SlotCount, _board.NextReads(0, out _).Count);

        _board.Disconnected();
        Assert.Equal(SlotStepKind.Wait, _board.NextWrite(0).Kind);
    }

    [Fact]
    public void A_new_session_reads_all_slots_again_and_the_same_one_none()
    {
        ReadAll(0);
        _board.Connected(isNewSession: false);
        Assert.Empty(_board.NextReads(10_000, out _));

        _board.Connected(isNewSession: true);
        Assert.Equal(NamespacePaths.SlotCount, _board.NextReads(10_000, out _).Count);
    }

    [Fact]
    public void What_was_read_for_another_reason_is_no_news_any_more()
    {
        ReadAll(0);
        var content = Content(transaction: 5, news: 1);
        Assert.Single(_board.Receive(new SlotRead(2, 0, hasWatch: false), content, 0, out _));
        Assert.Empty(_board.Receive(new SlotRead(2, 0, hasWatch: true), content, 0, out _));
    }

    [Fact]
    public void An_answer_that_was_overtaken_tells_nothing_but_its_watch_is_set()
    {
        _board.Connected(isNewSession: true);
        var read = _board.NextReads(0, out _)[2];
        Assert.Equal(2, _board.Receive(new SlotRead(2, 0, hasWatch: false), Content(transaction: 6, news: 2), 0, out _).Length);

        Assert.Empty(_board.Receive(read, Content(transaction: 5, news: 1), 0, out var gap));
        Assert.False(gap);
        Assert.DoesNotContain(_board.NextReads(10_000, out _), due => due.Slot == 2);
    }

    [Fact]
    public void A_new_session_may_know_less_and_is_heard_all_the_same()
    {
        ReadAll(0, transaction: 9);
        _board.Connected(isNewSession: true);
        var read = _board.NextReads(1000, out _)[2];
        Assert.Single(_board.Receive(read, Content(transaction: 4, news: 1), 1000, out _));
    }

    [Fact]
    public void A_slot_that_shows_something_older_to_a_later_read_was_restored_and_is_begun_anew()
    {
        ReadAll(100, transaction: 50);
        Announce(1);

        // As the announcer reads it, and the confirmation of another remote, whose reply may be outdated.
        Assert.Empty(_board.Receive(new SlotRead(Own, 0, hasWatch: false), Content(transaction: 7, news: 2), 10_000, out _));
        Assert.Equal(
            2, _board.Receive(new SlotRead(Own, 9_000, hasWatch: false), Content(transaction: 7, news: 2), 10_000, out var gap).Length);
        Assert.True(gap);

        // It can be written now, and is read once more with a watch.
        Assert.Equal(7, _board.NextWrite(10_000).Version);
        Assert.Equal(Own, Assert.Single(_board.NextReads(10_000, out _)).Slot);
    }

    [Fact]
    public void A_slot_is_read_again_from_its_start_on_request()
    {
        ReadAll(0, transaction: 50);
        _board.Reread(2);
        var read = Assert.Single(_board.NextReads(10_000, out _));
        Assert.Equal(2, read.Slot);
        Assert.Equal(2, _board.Receive(read, Content(transaction: 7, news: 2), 10_000, out var gap).Length);
        Assert.True(gap);
    }

    [Fact]
    public void After_the_ensemble_has_lost_its_history_all_is_heard_after_a_gap_whatever_its_numbers()
    {
        ReadAll(0);
        _board.Connected(isNewSession: true);
        _board.Receive(_board.NextReads(0, out _)[2], Content(transaction: 50, news: 3), 0, out _);

        // The older copy has continued: it has as many announcements as before, with other content.
        _board.HistoryLost();
        _board.Connected(isNewSession: true);
        var reads = _board.NextReads(10_000, out _);
        Assert.Equal(4, _board.Receive(reads[2], Content(transaction: 7, news: 4), 10_000, out var gap).Length);
        Assert.True(gap);

        // A slot that was never read cannot have missed announcements.
        var fresh = new SlotBoard(new BudgetOptions(), member: 11, keepsOverflow: false, maxStaleness: 5000, new ManualTime());
        fresh.MembersCounted(1);
        fresh.HistoryLost();
        fresh.Connected(isNewSession: true);
        Assert.Equal(2, fresh.Receive(fresh.NextReads(0, out _)[2], Content(transaction: 7, news: 2), 0, out gap).Length);
        Assert.False(gap);

        // Old content is not written over the present one.
        Announce(1);
        _board.HistoryLost();
        Assert.Equal(SlotStepKind.Read, _board.NextWrite(10_000).Kind);
    }

    [Fact]
    public void A_watch_that_fired_before_its_answer_was_looked_at_leaves_the_slot_to_be_read_again()
    {
        _board.Connected(isNewSession: true);
        var reads = _board.NextReads(0, out _);
        _board.Fired(reads[2], 5);
        foreach (var read in reads)
        {
            _board.Receive(read, Content(transaction: 1), 10, out _);
        }

        Assert.Equal(2, Assert.Single(_board.NextReads(10_000, out _)).Slot);
    }

    [Fact]
    public void A_write_is_made_of_what_was_heard_last_and_counted_as_an_attempt()
    {
        ReadAll(0, transaction: 7);
        Announce(1);
        var step = _board.NextWrite(0);

        Assert.Equal((SlotStepKind.Write, Own, 7), (step.Kind, step.Slot, step.Version));
        Assert.Equal(1, _board.Budgets(0, 0).Announcements);
        Assert.Equal(NamespacePaths.SlotCount, _board.Budgets(0, 0).Reads);
    }

    [Fact]
    public void A_slot_that_changed_is_read_before_it_is_written()
    {
        var reads = ReadAll(0);
        Announce(1);
        _board.Fired(reads[Own], 0);
        Assert.Equal((SlotStepKind.Read, Own), (_board.NextWrite(0).Kind, _board.NextWrite(0).Slot));
    }

    [Fact]
    public void A_change_by_a_write_of_its_own_is_in_no_hurry_unless_the_write_was_refused()
    {
        var reads = ReadAll(0);
        Announce(1);
        Assert.Equal(SlotStepKind.Write, _board.NextWrite(1000).Kind);
        _board.Fired(reads[Own], 1000);
        Assert.Empty(_board.NextReads(1000, out var until));
        Assert.True(until < long.MaxValue);

        _board.Refused(Own, 1000);
        Assert.Equal(Own, Assert.Single(_board.NextReads(1000, out _)).Slot);
    }

    [Fact]
    public void After_a_refusal_that_all_slots_would_share_nothing_is_written_for_a_while()
    {
        ReadAll(0);
        Announce(1);
        Assert.Equal(SlotStepKind.Write, _board.NextWrite(0).Kind);
        _board.WriteFailed(Own, retryFrom: 2000, isOfAll: true);
        Assert.Equal((true, 1), (_board.Queue.IsEmpty, _board.Queue.Dropped));

        Announce(2);
        Assert.Equal((SlotStepKind.Wait, 2000), (_board.NextWrite(1999).Kind, _board.NextWrite(1999).Until));
        Assert.Equal(SlotStepKind.Read, _board.NextWrite(2000).Kind);
    }

    [Fact]
    public void A_slot_that_refuses_writes_is_left_for_another_one_until_its_pause_ends()
    {
        var reads = ReadAll(0);
        Announce(1);
        Assert.Equal(Own, _board.NextWrite(0).Slot);
        _board.WriteFailed(Own, retryFrom: 2000, isOfAll: false);
        Announce(2);
        Assert.Equal((SlotStepKind.Read, Own + 1), (_board.NextWrite(1000).Kind, _board.NextWrite(1000).Slot));
        Assert.Equal((SlotStepKind.Read, Own), (_board.NextWrite(2000).Kind, _board.NextWrite(2000).Slot));
    }

    [Fact]
    public void A_slot_that_could_not_be_read_to_write_to_it_is_read_again_when_its_pause_ends()
    {
        ReadAll(0);
        _board.Failed(new SlotRead(2, 0, hasWatch: false), retryFrom: 1000);
        Assert.Empty(_board.NextReads(999, out _));
        Assert.Equal(2, Assert.Single(_board.NextReads(2000, out _)).Slot);
    }

    [Fact]
    public void Slots_of_which_none_can_be_read_are_asked_again_when_the_first_pause_ends()
    {
        _board.Connected(isNewSession: true);
        var reads = _board.NextReads(0, out _);
        foreach (var read in reads)
        {
            _board.Failed(read, retryFrom: 1000 + read.Slot);
        }

        Announce(1);
        Assert.Empty(_board.NextReads(999, out _));
        Assert.Equal((SlotStepKind.Wait, 1000), (_board.NextWrite(999).Kind, _board.NextWrite(999).Until));
        Assert.Equal((SlotStepKind.Read, 0), (_board.NextWrite(1000).Kind, _board.NextWrite(1000).Slot));
    }

    [Fact]
    public void What_was_refused_still_waits_until_its_second_try()
    {
        ReadAll(0);
        Announce(1);
        Assert.Equal(SlotStepKind.Write, _board.NextWrite(0).Kind);
        _board.Refused(Own, 0);
        Assert.False(_board.Queue.IsEmpty);

        Assert.Equal(SlotStepKind.Write, _board.NextWrite(1000).Kind);
        _board.Written(1000);
        Assert.True(_board.Queue.IsEmpty);
    }

    private static SlotContent Content(long transaction, int news = 0)
    {
        var ring = SlotRing.Empty.Merge(
            [.. Enumerable.Range(1, news).Select(number => new Announcement { Server = 9, Key = new[] { (byte)number } })]);
        return new SlotContent(ring, transaction, Created: 1, Version: (int)transaction, Bytes: 0);
    }

    private IReadOnlyList<SlotRead> ReadAll(long now, long transaction = 1)
    {
        _board.Connected(isNewSession: true);
        var reads = _board.NextReads(now, out _);
        foreach (var read in reads)
        {
            _board.Receive(read, Content(transaction), now, out _);
        }

        return reads;
    }

    private void Announce(byte key) => _board.Announce(server: 9, segment: 1, new[] { key }, new MutationVersion(key, key));
}
