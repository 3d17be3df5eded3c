using System.Runtime.CompilerServices;
using NearCache.Diagnostics;

namespace NearCache.Tests.Diagnostics;

public sealed class PerThreadCounterTests
{
    [Fact]
    public void Nothing_that_many_threads_count_is_lost_also_not_when_they_end()
    {
        var counter = new PerThreadCounter();
        var (first, second) = (counter.AddPart(), counter.AddPart());
        var third = -1;

        for (var round = 0; round < 3; round++)
        {
            var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    counter.Add(first);
                    counter.Add(second);
                    counter.Add(first);
                }

                // A part that came after this thread began to count.
                counter.Add(Volatile.Read(ref third) < 0 ? first : third);
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Volatile.Write(ref third, third < 0 ? counter.AddPart() : third);
        }

        Assert.Equal((24_004, 12_000, 8, 36_012), (counter.Of(first), counter.Of(second), counter.Of(third), counter.Value));
    }

    [Fact]
    public void A_thread_that_counts_for_two_counters_in_turn_mixes_nothing_up()
    {
        var (one, other) = (new PerThreadCounter(), new PerThreadCounter());
        var (ofOne, ofOther) = (one.AddPart(), other.AddPart());
        for (var i = 0; i < 100; i++)
        {
            one.Add(ofOne);
            other.Add(ofOther);
            other.Add(ofOther);
        }

        Assert.Equal((100, 200), (one.Value, other.Value));
    }

    [Fact]
    public void Counters_that_are_gone_leave_nothing_to_those_that_take_their_numbers()
    {
        for (var round = 0; round < 5; round++)
        {
            Count();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Count()
        {
            for (var i = 0; i < 50; i++)
            {
                var counter = new PerThreadCounter();
                Assert.Equal(0, counter.Value);
                Assert.Equal(1, counter.Add(counter.AddPart()));
                Assert.Equal(1, counter.Value);
            }
        }
    }
}
