using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class LogRecordTests
{
    // The vector of docs/formats.md.
    private const string Vector = "0105000000000001048170726F647563743A34373131";

    [Fact]
    public void A_record_has_the_bytes_on_record()
    {
        var record = new LogRecord(5, 66_689, "product:4711"u8.ToArray());
        Assert.Equal(Vector, Convert.ToHexString(record.Encode()));
        Assert.True(LogRecord.TryDecode(Convert.FromHexString(Vector), out var read));
        Assert.Equal((5, 66_689, "product:4711"), (read.Segment, read.M, Encoding.UTF8.GetString(read.Key.Span)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("01050000000000010481")]
    [InlineData("0205000000000001048170")]
    [InlineData("0140000000000001048170")]
    public void A_record_that_is_broken_or_newer_counts_as_absent(string hex) =>
        Assert.False(LogRecord.TryDecode(Convert.FromHexString(hex), out _));

    [Fact]
    public void The_names_of_counters_and_records_are_those_on_record()
    {
        var names = new CounterNames("shop");
        Assert.Equal("~nc:1:shop:total", Encoding.UTF8.GetString(names.Total.Span));
        Assert.Equal("~nc:1:shop:segment:07", Encoding.UTF8.GetString(names.Segments[7].Span));
        Assert.Equal("~nc:1:shop:log:8386889000226", Encoding.UTF8.GetString(names.Log(8_386_889_000_226).Span));
    }

    [Fact]
    public void Two_lives_of_a_counter_cannot_be_taken_for_one()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 1000).Select(_ => CounterNames.FirstValue(random)).Order().ToArray();
        Assert.All(values, value => Assert.InRange(value, GaplessPrefix.MaxDistance, 1L << 48));
        Assert.True(values.Zip(values.Skip(1)).Count(pair => pair.Second - pair.First <= GaplessPrefix.MaxDistance) < 5);
    }
}
