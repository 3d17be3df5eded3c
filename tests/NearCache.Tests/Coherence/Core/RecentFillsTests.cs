using System.Runtime.CompilerServices;
using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Core;

/// <summary>Which stored results are removed, event by event and in a simulated fleet.</summary>
public sealed class RecentFillsTests
{
    private readonly RecentFills _fills = new();

    [Fact]
    public void A_change_soon_after_the_own_fill_removes_it_once()
    {
        _fills.Stored("a", 1, now: 0);
        _fills.Heard(Change("a"), now: 100);
        Assert.Equal([new FillRemoval("a", Announces: true)], _fills.TakeDue());

        _fills.Heard(Change("a"), now: 200);
        Assert.Empty(_fills.TakeDue());
    }

    [Fact]
    public void A_change_of_another_key_or_long_after_the_fill_removes_nothing()
    {
        _fills.Stored("a", 1, now: 0);
        _fills.Heard(Change("b"), now: 100);
        _fills.Heard(Change("a"), now: RecentFills.Window + 1);
        Assert.Empty(_fills.TakeDue());
    }

    [Fact]
    public void A_second_removal_within_the_window_is_not_announced()
    {
        _fills.Stored("a", 1, now: 0);
        _fills.Heard(Change("a"), now: 100);
        _fills.TakeDue();
        _fills.Announced("a"u8, now: 110);   // the removal
        _fills.Stored("a", 1, now: 150);
        _fills.Heard(Change("a"), now: 160);   // the own announcement
        Assert.Empty(_fills.TakeDue());

        _fills.Heard(Change("a"), now: 170);
        Assert.Equal([new FillRemoval("a", Announces: false)], _fills.TakeDue());
    }

    [Fact]
    public void An_own_write_is_not_removed()
    {
        _fills.Stored("a", 1, now: 0);
        _fills.Announced("a"u8, now: 50);
        _fills.Heard(Change("a"), now: 60);
        _fills.Heard(Change("a"), now: 70);
        Assert.Empty(_fills.TakeDue());
    }

    [Fact]
    public void A_mask_of_segments_removes_every_fill_in_them()
    {
        _fills.Stored("a", 1, now: 0);
        _fills.Stored("b", 2, now: 0);
        _fills.Stored("c", 3, now: 0);
        _fills.Heard(0b110, now: 100);
        Assert.Equal(["a", "b"], _fills.TakeDue().Select(removal => removal.Key).Order());
    }

    [Fact]
    public void At_most_ten_thousand_keys_are_remembered()
    {
        for (var i = 0; i < 10_001; i++)
        {
            _fills.Stored($"{i}", 1, now: i / 100);
        }

        _fills.Heard(Change("0"), now: 200);
        Assert.Empty(_fills.TakeDue());
        _fills.Heard(Change("1"), now: 200);
        Assert.Single(_fills.TakeDue());
    }

    [Fact]
    public void What_is_remembered_does_not_grow_with_the_writes_of_a_window()
    {
        // One key, each time in another string.
        List<WeakReference> names = [.. Enumerable.Range(0, 1000).Select(_ => StoreAgain())];
        GC.Collect();
        Assert.InRange(names.Count(name => name.IsAlive), 0, 10);
    }

    [Fact]
    public void Removals_that_nothing_takes_do_not_accumulate()
    {
        for (var i = 0; i < 3 * RecentFills.MaxKeys; i++)
        {
            _fills.Stored("a", 1, now: 0);
            _fills.Heard(0b10, now: 0);
        }

        Assert.InRange(_fills.TakeDue().Count, 1, RecentFills.MaxKeys);
    }

    [Fact]
    public void In_a_fleet_no_overwritten_change_stays_and_removals_end()
    {
        for (var seed = 1; seed <= 500; seed++)
        {
            var fleet = new Fleet(new Random(seed));
            fleet.Run();
            Assert.True(fleet.Remote is null || fleet.Remote == fleet.Source, $"seed {seed}: {fleet.Remote} stays, not {fleet.Source}");
            Assert.True(fleet.Removals <= 12 * fleet.Source, $"seed {seed}: {fleet.Removals} removals for {fleet.Source} changes");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference StoreAgain()
    {
        var key = new string('a', 10);
        _fills.Stored(key, 1, now: 0);
        return new WeakReference(key);
    }

    private static Announcement Change(string key) => new() { Server = 1, Key = Encoding.UTF8.GetBytes(key) };

    // Four processes over one item and one source. Announcements arrive within two seconds, and factories take up to a second.
    private sealed class Fleet(Random random)
    {
        private readonly PriorityQueue<Action, (long At, int Order)> _events = new();
        private readonly RecentFills[] _processes = [new(), new(), new(), new()];
        private readonly int[] _heard = new int[4];
        private long _now;
        private int _order;

        public int Source { get; private set; }

        public int? Remote { get; private set; }

        public int Removals { get; private set; }

        public void Run()
        {
            for (var i = 0; i < 30; i++)
            {
                At(random.Next(20_000), () => Change(random.Next(4)));
            }

            // All reads end before the last announcement could be late.
            for (var i = 0; i < 600; i++)
            {
                At(random.Next(30_000), () => Read(random.Next(4)));
            }

            while (_events.TryDequeue(out var action, out var due))
            {
                _now = due.At;
                Assert.True(_now < 60_000, "removals never end");
                action();
            }
        }

        private void At(long time, Action action) => _events.Enqueue(action, (time, _order++));

        private void Change(int process)
        {
            Source++;
            Remote = random.Next(2) == 0 ? null : Source;
            Announce(process);
        }

        private void Announce(int process)
        {
            _heard[process]++;
            _processes[process].Announced("a"u8, _now);
            for (var other = 0; other < 4; other++)
            {
                var to = other;
                At(_now + random.Next(2_000), () => Hear(to));
            }
        }

        private void Hear(int process)
        {
            _heard[process]++;
            _processes[process].Heard(RecentFillsTests.Change("a"), _now);
            foreach (var removal in _processes[process].TakeDue())
            {
                At(_now + random.Next(50), () =>
                {
                    Removals++;
                    Remote = null;
                    if (removal.Announces)
                    {
                        Announce(process);
                    }
                });
            }
        }

        private void Read(int process)
        {
            if (Remote is not null)
            {
                return;
            }

            var (made, heard) = (Source, _heard[process]);
            At(_now + random.Next(1_000), () =>
            {
                if (_heard[process] == heard)
                {
                    _processes[process].Stored("a", 1, _now);
                    Remote = made;
                }
            });
        }
    }
}
