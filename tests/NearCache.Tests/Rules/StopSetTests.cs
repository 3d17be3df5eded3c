using System.Text;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class StopSetTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, 250, TimeSpan.Zero);

    [Fact]
    public void A_union_is_the_same_in_whatever_order_it_is_made()
    {
        var random = new Random(3);
        var all = Enumerable.Range(0, 20).Select(i => Some($"s{i}", i % 3 == 0 ? null : $"rule{i % 5}", i % 7)).ToArray();
        var once = StopSet.Of(all);
        for (var round = 0; round < 100; round++)
        {
            random.Shuffle(all);
            var at = random.Next(all.Length);
            Assert.Equal(once, StopSet.Of(all[..at]).Union(StopSet.Of(all[(at / 2)..])).Union(StopSet.None));
        }
    }

    [Fact]
    public void Two_texts_under_one_id_become_the_same_one_everywhere()
    {
        var (one, other) = (Some("x", "a", 1), Some("x", "b", 2));

        Assert.Equal(StopSet.Of([one]).Union(StopSet.Of([other])), StopSet.Of([other]).Union(StopSet.Of([one])));
    }

    [Fact]
    public void Of_too_many_the_ones_for_everything_and_the_oldest_stay()
    {
        var set = StopSet.Of(Enumerable.Range(0, 200).Select(i => Some($"s{i:000}", i == 150 ? null : "rule", i)));

        Assert.Equal(StopSet.MaxStops, set.Stops.Length);
        Assert.Equal("s150", set.Stops[0].Id);
        Assert.Equal("s062", set.Stops[^1].Id);
        Assert.True(set.StopsEverything);
        Assert.True(set.IsStopped("any"));
    }

    [Fact]
    public void Stops_are_written_byte_for_byte_as_documented_and_read_again()
    {
        var set = StopSet.Of([Some("one", null, 0), new Stop("two", "products", "breaker", "42 writes/s > 20 \"ü\"", Noon)]);
        var text = """[{"id":"one","who":"test","why":"because","when":"2030-01-01T12:00:00.250Z"},"""
            + """{"id":"two","rule":"products","who":"breaker","why":"42 writes/s > 20 \"ü\"","when":"2030-01-01T12:00:00.250Z"}]""";

        Assert.Equal(text, Encoding.UTF8.GetString(StopsFormat.Write(set).Span));
        Assert.True(StopsFormat.TryRead(StopsFormat.Write(set), out var read, out _));
        Assert.Equal(set, read);
    }

    [Fact]
    public void A_new_stop_survives_its_journey_unchanged()
    {
        var stop = Stop.Now(
            "products", new string('w', 200), "why", new DateTimeOffset(2030, 1, 1, 14, 0, 0, TimeSpan.FromHours(2)).AddTicks(7));
        Assert.True(StopsFormat.TryRead(StopsFormat.Write(StopSet.Of([stop])), out var read, out _));

        Assert.Equal(stop, Assert.Single(read.Stops));
        Assert.Equal(Stop.MaxWho, stop.Who.Length);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"id":"x"}]""")]
    [InlineData("""[{"id":"x","who":"","why":"","when":"yesterday"}]""")]
    public void What_is_no_list_of_stops_is_refused(string text) =>
        Assert.False(StopsFormat.TryRead(Encoding.UTF8.GetBytes(text), out _, out _));

    private static Stop Some(string id, string? rule, int hours) => new(id, rule, "test", "because", Noon.AddHours(hours));
}
