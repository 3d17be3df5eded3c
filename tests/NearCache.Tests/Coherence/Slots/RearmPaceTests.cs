using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Slots;

public sealed class RearmPaceTests
{
    [Theory]
    [InlineData(1, 1, 20)]
    [InlineData(20, 8, 32)]
    [InlineData(300, 8, 480)]
    [InlineData(3000, 8, 1250)]
    public void Slots_are_read_as_fast_as_the_deliveries_of_the_fleet_allow(int members, int active, long pace) =>
        Assert.Equal(pace, RearmPace.Of(members, active, 5000, 5000));

    [Theory]
    [InlineData(300, 8)]
    [InlineData(781, 8)]
    [InlineData(1000, 6)]
    [InlineData(5000, 1)]
    [InlineData(7000, 0)]
    public void A_fleet_that_is_too_large_reads_fewer_slots(int members, int slots) =>
        Assert.Equal(slots, RearmPace.ReadableSlots(members, 8, 5000, 5000));

    [Theory]
    [InlineData(20, 5000, true, 1000)]
    [InlineData(480, 5000, true, 1460)]
    [InlineData(1250, 5000, true, 3000)]
    [InlineData(1250, 4000, true, 2000)]
    [InlineData(480, 1000, true, 0)]
    [InlineData(480, 5000, false, 0)]
    public void An_audit_waits_for_announcements_as_long_as_they_may_take(long pace, long maxStaleness, bool hasSession, long patience) =>
        Assert.Equal(patience, ExplanationWait.Of(pace, maxStaleness, hasSession));
}
