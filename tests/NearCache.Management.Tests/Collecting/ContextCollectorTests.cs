using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Management.Collecting;
using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Collecting;

/// <summary>How often a fleet is read, by a clock that stands still until it is turned.</summary>
public sealed class ContextCollectorTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Without_a_viewer_a_fleet_is_read_once_a_minute_and_with_one_every_five_seconds()
    {
        await using var fleet = new FleetOfTests();
        await using var collector = Create(fleet);
        collector.Start();
        await ReadAsync(collector, 1);

        // Seconds pass without a reading, and a minute brings one.
        await TurnAsync(59);
        Assert.Equal(1, collector.Readings);
        await TurnAsync(1);
        await ReadAsync(collector, 2);

        // A viewer is served at once, and the next reading is as soon as the last is five seconds old.
        await TurnAsync(4);
        var state = await collector.LookAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(state.Reading);
        await IsWaitingAsync();
        Assert.Equal(2, collector.Readings);
        await TurnAsync(1);
        await ReadAsync(collector, 3);
        await TurnAsync(5);
        await ReadAsync(collector, 4);

        // The viewer is gone: half a minute later so are the readings.
        collector.HasViewers = () => false;
        for (var second = 0; second < 40; second++)
        {
            await TurnAsync(1);
        }

        var readings = collector.Readings;
        await TurnAsync(15);
        Assert.Equal(readings, collector.Readings);
    }

    [Fact]
    public async Task Many_looks_are_no_more_readings()
    {
        await using var fleet = new FleetOfTests();
        await using var collector = Create(fleet);
        collector.Start();
        await ReadAsync(collector, 1);
        for (var look = 0; look < 1000; look++)
        {
            await collector.LookAsync(TestContext.Current.CancellationToken);
        }

        await IsWaitingAsync();
        Assert.Equal(1, collector.Readings);
    }

    [Fact]
    public async Task A_defect_at_one_reading_does_not_end_the_next()
    {
        await using var fleet = new FleetOfTests();
        await using var collector = Create(fleet);
        var failures = 0;
        collector.Read += _ =>
        {
            if (failures++ == 0)
            {
                throw new OverflowException("a number of a report");
            }
        };
        collector.Start();
        await ReadAsync(collector, 2);
        Assert.Null(collector.State.Reading);
        Assert.Contains("see its log", collector.State.Verdict.Sentence, StringComparison.Ordinal);

        await TurnAsync(60);
        await ReadAsync(collector, 3);
        Assert.NotNull(collector.State.Reading);
    }

    private ContextCollector Create(FleetOfTests fleet)
    {
        // The servers alone: a session to ZooKeeper has waits of its own.
        var options = fleet.Options(hasZooKeeper: false);
        options.Memcached.KeepAlive = TimeSpan.FromHours(2);
        return new ContextCollector(
            new ConsoleContext("shop", "prod", "shop"),
            options,
            new FleetReader(options, isReadOnly: true, NullLoggerFactory.Instance, _time),
            null,
            _time,
            NullLogger.Instance);
    }

    private async Task TurnAsync(int seconds)
    {
        await IsWaitingAsync();
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await IsWaitingAsync();
    }

    private Task IsWaitingAsync() => Eventually.BecomesTrueAsync(() => _time.ActiveTimers > 0, "the collector waits for its time");

    private static Task ReadAsync(ContextCollector collector, long readings) =>
        Eventually.BecomesTrueAsync(() => collector.Readings == readings, $"there are {readings} readings");
}
