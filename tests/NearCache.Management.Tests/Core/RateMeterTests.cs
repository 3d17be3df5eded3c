using NearCache.Management.Core;

namespace NearCache.Management.Tests.Core;

public sealed class RateMeterTests
{
    [Fact]
    public void One_reading_gives_no_rate_and_no_zero()
    {
        var rates = new RateMeter().Add(Readings.Healthy());

        Assert.Equal("a rate needs two readings", rates.Fleet.Unknown);
        Assert.False(rates.OwnTransactions.IsKnown);
    }

    [Fact]
    public void Rates_are_taken_between_the_reports_and_not_between_the_readings()
    {
        var meter = new RateMeter();
        meter.Add(At(0, hits: 0, age: 4));
        var rates = meter.Add(At(5, hits: 900, age: 0));

        // 900 reads in 9 s: the first report was 4 s old when it was read.
        Assert.Equal(100, rates.Fleet.Value.NearReads, 6);
        Assert.Equal(100, rates.Processes[Readings.Process(1).Id].NearReads, 6);
    }

    [Fact]
    public void A_rate_covers_the_last_seconds()
    {
        var meter = new RateMeter();
        FleetRates rates = meter.Add(At(0, hits: 0, age: 0));
        for (var second = 5; second <= 60; second += 5)
        {
            // Quiet for 30 s, then 10 reads a second.
            rates = meter.Add(At(second, hits: Math.Max(second - 30, 0) * 10, age: 0));
        }

        Assert.Equal(10, rates.Fleet.Value.NearReads, 6);
    }

    [Fact]
    public void Readings_far_apart_give_the_rate_between_them()
    {
        var meter = new RateMeter();
        meter.Add(At(0, hits: 0, age: 0));
        meter.Add(At(60, hits: 600, age: 0));

        Assert.Equal(20, meter.Add(At(120, hits: 1800, age: 0)).Fleet.Value.NearReads, 6);
    }

    [Fact]
    public void A_process_without_a_new_report_and_one_that_is_new_have_no_rate()
    {
        var meter = new RateMeter();
        meter.Add(Readings.Healthy() with { Reports = Observed.Known(Readings.Reports(Readings.Process(1, age: 0))) });
        var rates = meter.Add(Readings.Healthy(5) with
        {
            Reports = Observed.Known(Readings.Reports(Readings.Process(1, age: 5), Readings.Process(2))),
        });

        Assert.Empty(rates.Processes);
        Assert.False(rates.Fleet.IsKnown);
    }

    private static FleetReading At(double seconds, long hits, double age) => Readings.Healthy(seconds) with
    {
        Reports = Observed.Known(Readings.Reports(Readings.Process(1, summary => summary with { NearHits = hits }, age: age))),
    };
}
