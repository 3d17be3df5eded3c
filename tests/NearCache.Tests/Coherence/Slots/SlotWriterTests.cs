using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Slots;

public sealed class SlotWriterTests
{
    private readonly AnnouncementQueue _queue = new(4000);
    private readonly SlotWriter _writer;

    public SlotWriterTests() => _writer = new SlotWriter(_queue, new WriteBudget(5, 1000) { Members = 1 }, 11, new Random(1)) { Slots = 8 };

    [Fact]
    public void With_nothing_to_say_it_waits() => Assert.Equal(StepOf(SlotStepKind.Wait, until: long.MaxValue), _writer.Next(0));

    [Fact]
    public void It_reads_its_own_slot_before_it_writes_and_keeps_what_others_wrote()
    {
        Add(1);
        Assert.Equal((SlotStepKind.Read, 3), Kind(_writer.Next(0)));

        var others = SlotRing.Empty.Merge(
            [new Announcement { Server = 9, Key = new byte[] { 1 }, Versions = [new MutationVersion(5, 5)] }]);
        _writer.RingRead(3, others, 17);
        var step = _writer.Next(0);

        Assert.Equal((SlotStepKind.Write, 3), Kind(step));
        Assert.Equal(17, step.Version);
        Assert.True(SlotRing.TryDecode(step.Data.Span, out var ring));
        Assert.Equal([9ul, 1ul], ring.Announcements.Select(announcement => announcement.Server));
    }

    [Fact]
    public void A_slot_that_changed_is_read_again_before_it_is_written()
    {
        _writer.RingRead(3, SlotRing.Empty, 0);
        _writer.Changed(3);
        Add(1);
        Assert.Equal((SlotStepKind.Read, 3), Kind(_writer.Next(0)));
    }

    [Fact]
    public void What_arrives_while_a_write_is_on_its_way_leaves_with_the_next()
    {
        Write(1, 0);
        Add(2);
        Add(3);
        _writer.Written();

        Assert.Equal(SlotStepKind.Wait, _writer.Next(0).Kind);
        _writer.RingRead(3, SlotRing.Empty, 1);
        Assert.True(SlotRing.TryDecode(_writer.Next(200).Data.Span, out var ring));
        Assert.Equal(2, ring.Announcements.Count);
    }

    [Fact]
    public void Refused_it_pauses_a_little_and_tries_another_slot_once()
    {
        Write(1, 0);
        _writer.Refused(0);
        var second = _writer.Next(50);
        Assert.Equal(SlotStepKind.Read, second.Kind);
        Assert.NotEqual(3, second.Slot);

        _writer.RingRead(second.Slot, SlotRing.Empty, 4);
        var write = _writer.Next(50);
        Assert.Equal((SlotStepKind.Write, second.Slot), Kind(write));
        Assert.True(SlotRing.TryDecode(write.Data.Span, out var ring));
        Assert.Equal(1, ring.Announcements[0].Versions[0].N);

        _writer.Refused(50);
        Assert.Equal(1, _queue.Dropped);
        Assert.Equal(StepOf(SlotStepKind.Wait, until: long.MaxValue), _writer.Next(10_000));
    }

    [Fact]
    public void Every_attempt_takes_a_token_also_a_refused_one()
    {
        Write(1, 0);
        _writer.Refused(0);
        var second = _writer.Next(50);
        _writer.RingRead(second.Slot, SlotRing.Empty, 4);
        _writer.Next(50);
        _writer.Written();

        Add(2);
        var step = _writer.Next(60);
        Assert.Equal(SlotStepKind.Wait, step.Kind);
        Assert.InRange(step.Until, 390, 410);
    }

    [Fact]
    public void A_failure_drops_what_was_on_its_way_and_forgets_what_was_read()
    {
        Write(1, 0);
        _writer.Failed();
        Assert.Equal(1, _queue.Dropped);
        Add(2);
        Assert.Equal((SlotStepKind.Read, 3), Kind(_writer.Next(1000)));
    }

    [Fact]
    public void A_slot_in_a_newer_format_is_not_written_and_another_one_is()
    {
        Add(1);
        Assert.True(SlotRing.TryDecode([2], out var newer));
        _writer.RingRead(3, newer, 5);
        Assert.Equal((SlotStepKind.Read, 4), Kind(_writer.Next(0)));
        _writer.RingRead(4, SlotRing.Empty, 0);
        Assert.Equal((SlotStepKind.Write, 4), Kind(_writer.Next(0)));
        Assert.Equal(0, _queue.Dropped);
    }

    [Fact]
    public void A_slot_without_bytes_is_begun_at_a_random_high_number()
    {
        Add(1);
        _writer.RingRead(3, SlotRing.Empty, 0);
        Assert.True(SlotRing.TryDecode(_writer.Next(0).Data.Span, out var ring));
        Assert.InRange(ring.First, 1L << 40, 1L << 62);
    }

    private static (SlotStepKind Kind, int Slot) Kind(SlotStep step) => (step.Kind, step.Slot);

    private static SlotStep StepOf(SlotStepKind kind, long until) => new(kind, Until: until);

    private void Add(long n) => _queue.Add(1, 0, new byte[] { (byte)n }, new MutationVersion(n, n));

    private void Write(long n, long now)
    {
        Add(n);
        _writer.RingRead(3, SlotRing.Empty, 0);
        Assert.Equal((SlotStepKind.Write, 3), Kind(_writer.Next(now)));
    }
}
