using System.Text;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RulesItemTests
{
    private static readonly RulesItem Item = new(
        0x0123456789abcdef,
        3,
        StopSet.Of([new Stop("one", "products", "Alice", "incident 4711", new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero))]),
        RuleSet.Create(7, [new Rule("products", new KeyPattern("product:*")) { Since = 3 }], []));

    private const string Text =
        "ncrules 1 0123456789abcdef 3 102\n"
        + """[{"id":"one","rule":"products","who":"Alice","why":"incident 4711","when":"2030-01-01T12:00:00.000Z"}]"""
        + """{"format":1,"revision":7,"rules":[{"name":"products","match":"product:*","since":3}]}""";

    [Fact]
    public void An_item_is_written_byte_for_byte_as_documented()
    {
        Assert.Equal(Text, Encoding.UTF8.GetString(Item.Encode().Span));
        Assert.Equal(0x628DD49Bu, Item.Flags);
    }

    [Fact]
    public void What_is_written_reads_as_the_same_item()
    {
        Assert.True(RulesItem.TryDecode(Item.Encode(), Item.Flags, out var read, out _));

        Assert.True(read.Set.IsSame(Item.Set));
        Assert.Equal(Item.Stops, read.Stops);
        Assert.Equal((Item.Incarnation, Item.Settled), (read.Incarnation, read.Settled));
    }

    [Fact]
    public void The_flags_change_with_everything_but_the_settled_mark()
    {
        Assert.Equal(Item.Flags, (Item with { Settled = 7 }).Flags);
        Assert.Distinct(
        [
            Item.Flags,
            (Item with { Incarnation = 1 }).Flags,
            (Item with { Stops = StopSet.None }).Flags,
            (Item with { Set = Item.Set.Next(Item.Set.Rules) }).Flags,
        ]);
    }

    [Theory]
    [InlineData("ncrules 2 who knows\nwhat", true)]
    [InlineData("ncrules 1 0123456789abcdef 3\n", false)]
    [InlineData("ncrules 1 0123456789abcde 3 2\n[]{}", false)]
    [InlineData("ncrules 1 0123456789abcdef 3 99\n[]", false)]
    [InlineData("ncrules 1 0123456789abcdef -3 2\n[]{}", false)]
    [InlineData("ncrules 0 0123456789abcdef 3 2\n[]{}", false)]
    [InlineData("ncrules\n", false)]
    [InlineData("something else", false)]
    [InlineData("", false)]
    public void What_cannot_be_used_is_said_to_be_newer_or_broken(string text, bool isNewer)
    {
        Assert.False(RulesItem.TryDecode(Encoding.UTF8.GetBytes(text), 1, out _, out var why));
        Assert.Equal(isNewer, why.IsNewer);
    }

    [Fact]
    public void Content_that_does_not_fit_its_flags_is_refused()
    {
        Assert.False(RulesItem.TryDecode(Item.Encode(), Item.Flags + 1, out _, out var why));
        Assert.Contains("flags", why.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_item_that_is_cut_short_or_changed_anywhere_is_refused_and_never_throws()
    {
        var bytes = Encoding.UTF8.GetBytes(Text);
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.False(RulesItem.TryDecode(bytes.AsMemory(0, i), Item.Flags, out _, out _));
            var changed = bytes.ToArray();
            changed[i] ^= 1;

            // The settled mark is not in the flags.
            Assert.Equal(i == Text.IndexOf(" 3 ", StringComparison.Ordinal) + 1, RulesItem.TryDecode(changed, Item.Flags, out _, out _));
        }
    }

    [Theory]
    [InlineData("stop incident 4711\r\n", "incident 4711")]
    [InlineData("stop", "")]
    [InlineData("stop\n", "")]
    public void A_text_that_begins_with_stop_is_a_stop_put_by_hand(string text, string why)
    {
        var stop = RulesItem.ReadByHand(Encoding.UTF8.GetBytes(text), "one:11211", 5)!;

        Assert.Null(stop.Rule);
        Assert.Equal(why, stop.Why);
        Assert.Equal(stop, RulesItem.ReadByHand(Encoding.UTF8.GetBytes(text), "one:11211", 5));
        Assert.NotEqual(stop.Id, RulesItem.ReadByHand(Encoding.UTF8.GetBytes(text), "one:11211", 6)!.Id);
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("ncrules 1")]
    [InlineData("")]
    public void Other_texts_are_not(string text) => Assert.Null(RulesItem.ReadByHand(Encoding.UTF8.GetBytes(text), "one:11211", 5));
}
