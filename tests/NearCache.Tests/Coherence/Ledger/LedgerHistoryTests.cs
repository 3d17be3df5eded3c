using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class LedgerHistoryTests
{
    [Fact]
    public void Events_are_told_from_the_oldest_with_their_age()
    {
        var history = new LedgerHistory();
        history.Add(1_000, LedgerEvent.Confirmed, 41);
        history.Add(2_500, LedgerEvent.LogRead, 42, 0xabc);

        Assert.Equal("2.000 s ago Confirmed 41, 0.500 s ago LogRead 42 (0000000000000abc)", history.Describe(3_000));
    }

    [Fact]
    public void Only_the_last_32_events_are_kept()
    {
        var history = new LedgerHistory();
        for (var i = 0; i < 100; i++)
        {
            history.Add(i, LedgerEvent.Audited, i);
        }

        var told = history.Describe(100).Split(", ");
        Assert.Equal(32, told.Length);
        Assert.StartsWith("0.032 s ago Audited 68", told[0], StringComparison.Ordinal);
    }
}
