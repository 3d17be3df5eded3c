using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// Slots whose nodes are deleted and created again while processes announce, over a remote without counters: what a process has missed must
/// show as a gap after it has read all slots.
/// </summary>
/// <remarks>
/// Over memcached the audits find missed announcements; there the simulated fleet has the same fault (<see cref="Fault.RecreateSlot"/>).
/// </remarks>
public sealed class RecreatedRingTests(ITestOutputHelper output)
{
    private const int Seeds = 300;
    private const int Steps = 2000;
    private const int Slots = 2;

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]   // older writers
    [InlineData(true, false)]   // older readers
    public void No_announcement_is_hidden(bool writersBeginHigh, bool readersCompareNodes)
    {
        var (hidden, announced) = (0, 0);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            hidden += Hidden(seed, writersBeginHigh, readersCompareNodes, out var announcements);
            announced += announcements;
        }

        output.WriteLine($"[FIGURE] recreated rings, writers begin high {writersBeginHigh}, readers compare nodes {readersCompareNodes}: "
            + $"{announced} announcements, {hidden} hidden");
        Assert.Equal(0, hidden);
        Assert.True(announced > Seeds * 100, "nothing was tested");
    }

    [Fact]
    public void Without_either_measure_announcements_are_hidden()
    {
        var hidden = Enumerable.Range(1, Seeds).Sum(seed => Hidden(seed, writersBeginHigh: false, readersCompareNodes: false, out _));

        output.WriteLine($"[FIGURE] recreated rings without either measure: {hidden} hidden announcements in {Seeds} seeds");
        Assert.True(hidden > 0, "the test cannot fail");
    }

    private static int Hidden(int seed, bool writersBeginHigh, bool readersCompareNodes, out int announcements)
    {
        var random = new Random(seed);
        var nodes = Enumerable.Range(0, Slots).Select(_ => (Ring: SlotRing.Empty, Created: 1L)).ToArray();
        var readers = Enumerable.Range(0, 3).Select(_ => new Reader(new SlotReader(Slots, 5000, 5000))).ToArray();
        var (hidden, created, number) = (0, 1L, 0);
        for (var step = 0; step < Steps; step++)
        {
            var slot = random.Next(Slots);
            switch (random.Next(20))
            {
                case 0:
                    // As the keeper does; or by hand without bytes, as older versions do, too: only readers that compare nodes notice that.
                    nodes[slot] = (
                        writersBeginHigh && (!readersCompareNodes || random.Next(2) == 0) ? SlotRing.Fresh(random) : SlotRing.Empty,
                        ++created);
                    break;
                case 1 or 2 or 3:
                    var reader = readers[random.Next(readers.Length)];
                    hidden += reader.Read(nodes, readersCompareNodes);
                    break;
                default:
                    var ring = writersBeginHigh && nodes[slot].Ring.IsUnused ? SlotRing.Fresh(random) : nodes[slot].Ring;
                    nodes[slot].Ring = ring.Merge([new Announcement { Server = 9, Key = BitConverter.GetBytes(++number) }]);
                    foreach (var other in readers)
                    {
                        other.Owed.Add(number);
                    }

                    break;
            }
        }

        announcements = number;
        return hidden;
    }

    private sealed class Reader(SlotReader slots)
    {
        /// <summary>Announced, but neither heard nor covered by a gap.</summary>
        public HashSet<int> Owed { get; } = [];

        private bool _hasRead;

        /// <summary>Reads all slots. Returns the number of announcements that stay hidden.</summary>
        public int Read((SlotRing Ring, long Created)[] nodes, bool comparesNodes)
        {
            var hasGap = !_hasRead;
            _hasRead = true;
            for (var slot = 0; slot < nodes.Length; slot++)
            {
                var unseen = slots.Unseen(slot, nodes[slot].Ring, comparesNodes ? nodes[slot].Created : 1, out var gap);
                foreach (var announcement in unseen)
                {
                    Owed.Remove(BitConverter.ToInt32(announcement.Key.Span));
                }

                hasGap |= gap;
            }

            var hidden = hasGap ? 0 : Owed.Count;
            Owed.Clear();
            return hidden;
        }
    }
}
