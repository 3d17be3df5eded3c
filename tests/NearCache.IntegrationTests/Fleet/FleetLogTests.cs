using System.Diagnostics;
using System.Runtime.InteropServices;
using NearCache.Checker;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>The checker detects violations.</summary>
public sealed class FleetLogTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void A_hit_older_than_the_bound_after_a_completed_write_is_found()
    {
        var log = Log(Write(1, at: 0), Write(2, at: 10), Hit(1, at: 15.2));

        Assert.Single(log.Violations(Bound));
        Assert.InRange(log.WorstStaleness(), TimeSpan.FromSeconds(5.1), TimeSpan.FromSeconds(5.3));
    }

    [Fact]
    public void A_hit_within_the_bound_is_none() =>
        Assert.Empty(Log(Write(1, at: 0), Write(2, at: 10), Hit(1, at: 14.9)).Violations(Bound));

    [Fact]
    public void A_value_without_a_write_is_found() => Assert.Single(Log(Write(1, at: 0), Hit(7, at: 1)).Violations(Bound));

    [Fact]
    public void A_write_of_unknown_outcome_may_take_effect_late() =>
        Assert.Empty(Log([LoggedOperation(OperationKind.WriteBegins, 1, 0)], Write(2, at: 1), Hit(1, at: 20)).Violations(Bound));

    [Fact]
    public void A_write_that_was_not_complete_may_be_missing() =>
        Assert.Empty(Log(Write(1, at: 0), [LoggedOperation(OperationKind.WriteBegins, 2, 1)], Hit(1, at: 20)).Violations(Bound));

    public void Dispose() => File.Delete(_file);

    private static LoggedOperation[] Write(long value, double at) =>
        [LoggedOperation(OperationKind.WriteBegins, value, at), LoggedOperation(OperationKind.WriteDone, value, at)];

    private static LoggedOperation[] Hit(long value, double at) => [LoggedOperation(OperationKind.NearHit, value, at)];

    private static LoggedOperation LoggedOperation(OperationKind kind, long value, double at)
    {
        var instant = (long)(at * Stopwatch.Frequency);
        return new LoggedOperation { Kind = kind, Key = 1, Value = value, Called = instant, Returned = instant };
    }

    private FleetLog Log(params LoggedOperation[][] entries)
    {
        File.WriteAllBytes(_file, MemoryMarshal.AsBytes<LoggedOperation>(entries.SelectMany(part => part).ToArray()).ToArray());
        return new FleetLog([_file]);
    }
}
