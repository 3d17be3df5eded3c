using NearCache.Management.Core;

namespace NearCache.Management.Tests.Core;

public sealed class HistoryTests
{
    [Fact]
    public void Readings_are_kept_for_15_minutes_and_minutes_for_a_day()
    {
        var history = new History();
        var ended = 0;
        for (var second = 0; second < 2 * 24 * 3600; second += 5)
        {
            ended += history.Add(Point(second, second / 60)) is null ? 0 : 1;
        }

        var now = Readings.Noon + TimeSpan.FromSeconds((2 * 24 * 3600) - 5);
        Assert.Equal((2 * 24 * 60) - 1, ended);
        Assert.Equal(180, history.Of(TimeSpan.FromMinutes(15), now).Count);
        Assert.InRange(history.Of(TimeSpan.FromDays(1), now).Count, 1438, 1440);
        var hourAgo = history.HourBefore(now)!;
        Assert.InRange((now - TimeSpan.FromHours(1) - hourAgo.At).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(90));
    }

    [Fact]
    public void Without_a_reading_of_an_hour_ago_there_is_none()
    {
        var history = new History();
        history.Add(Point(0, 1));
        history.Add(Point(60, 1));

        Assert.Null(history.HourBefore(Readings.Noon + TimeSpan.FromMinutes(1)));
        Assert.NotNull(history.HourBefore(Readings.Noon + TimeSpan.FromMinutes(61)));
    }

    [Fact]
    public void A_minute_is_the_mean_with_the_worst_level()
    {
        var history = new History();
        history.Add(Point(0, 10));
        history.Add(Point(5, 20) with { Level = HealthLevel.Bad });

        var minute = history.Add(Point(60, 0))!;
        Assert.Equal((15, HealthLevel.Bad), (minute.Values[Series.NearReads], minute.Level));
    }

    [Fact]
    public void A_clock_that_goes_back_leaves_one_value_for_one_time()
    {
        var history = new History();
        history.Add(Point(100, 1));
        history.Add(Point(105, 2));
        history.Add(Point(101, 3));

        Assert.Equal([1.0, 3.0], history.Of(TimeSpan.FromMinutes(15), Readings.Noon + TimeSpan.FromSeconds(200))
            .Select(point => point.Values[Series.NearReads]));
    }

    private static HistoryPoint Point(double seconds, double reads) => new(
        Readings.Noon + TimeSpan.FromSeconds(seconds), HealthLevel.Well, new Dictionary<string, double> { [Series.NearReads] = reads });
}
