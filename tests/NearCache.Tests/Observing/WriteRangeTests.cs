using NearCache.Observing;

namespace NearCache.Tests.Observing;

public sealed class WriteRangeTests
{
    [Fact]
    public void Writes_are_read_one_look_after_their_total_was_seen_each_once()
    {
        var range = new WriteRange();

        Assert.Equal((1, 0, 0), range.Next(100));   // what was before is not shown
        Assert.Equal((101, 100, 0), range.Next(103));
        Assert.Equal((101, 103, 0), range.Next(103));
        Assert.Equal((104, 103, 0), range.Next(110));
        Assert.Equal((104, 110, 0), range.Next(110));
    }

    [Fact]
    public void Of_very_many_writes_the_newest_are_read_and_the_others_counted()
    {
        var range = new WriteRange();
        range.Next(100);
        range.Next(100 + WriteWatch.MostRecords + 50);

        Assert.Equal((151, 100 + WriteWatch.MostRecords + 50, 50), range.Next(100 + WriteWatch.MostRecords + 50));
    }

    [Fact]
    public void Other_counters_begin_again()
    {
        var range = new WriteRange();
        range.Next(1_000_000);
        range.Next(1_000_010);

        Assert.Equal((1, 0, 0), range.Next(5));     // a server that was restarted
        Assert.Equal((6, 5, 0), range.Next(7));
        Assert.Equal((1, 0, 0), range.Next(null));
        Assert.Equal((1, 0, 0), range.Next(90));
        Assert.Equal((91, 90, 0), range.Next(91));
    }
}
