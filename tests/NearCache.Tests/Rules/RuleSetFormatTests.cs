using System.Text;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RuleSetFormatTests
{
    private static readonly RuleSet Full = RuleSet.Create(
        7,
        [
            new Rule("products", new KeyPattern("product:*"))
            {
                NearLifetime = TimeSpan.FromMinutes(5),
                MissLifetime = TimeSpan.FromSeconds(10),
                Since = 3,
            },
            new Rule("site", new KeyPattern("site"))
            {
                MaxStaleness = TimeSpan.FromMilliseconds(4500), Preload = ["site"], MaxWritesPerSecond = 0.5,
                OnInvalidate = InvalidationPolicy.Refresh, ShareValues = true, Enabled = false, Since = 7,
            },
        ],
        ["0190163d8694739bb8bc7d9b7b8f2a11"]);

    private const string FullText =
        """{"format":1,"revision":7,"rules":[{"name":"products","match":"product:*","nearLifetime":"00:05:"""
            + """00","missLifetime":"00:00:10","since":3},"""
        + """{"name":"site","match":"site","maxStaleness":"00:00:04.5000000","preload":["site"],"maxWritesPerSecond":"""
        + """0.5,"onInvalidate":"refresh","shareValues":true,"enabled":false,"since":7}],"""
        + "\"cleared\":[\"0190163d8694739bb8bc7d9b7b8f2a11\"]}";

    [Fact]
    public void A_set_is_written_byte_for_byte_as_documented() => Assert.Equal(FullText, Encoding.UTF8.GetString(Full.Content.Span));

    [Fact]
    public void What_is_written_reads_as_the_same_set()
    {
        Assert.True(RuleSetFormat.TryRead(Full.Content, out var read, out _));

        Assert.True(read.IsSame(Full));
        Assert.Equal(Full.Cleared, read.Cleared);
        Assert.Equal(Full.Rules.Select(rule => rule with { Preload = [] }), read.Rules.Select(rule => rule with { Preload = [] }));
        Assert.Equal(Full.Rules.SelectMany(rule => rule.Preload), read.Rules.SelectMany(rule => rule.Preload));
    }

    [Fact]
    public void A_dry_run_is_off_for_processes_that_do_not_know_dry_runs()
    {
        var set = RuleSet.Seed([new RuleOptions { Name = "a", Match = "a", DryRun = true }]);
        Assert.Equal(
            """{"format":1,"revision":1,"rules":[{"name":"a","match":"a","enabled":false,"dryRun":true,"since":1}]}""",
            Encoding.UTF8.GetString(set.Content.Span));
        Assert.True(RuleSetFormat.TryRead(set.Content, out var read, out _));
        Assert.Equal((false, true), (read.Rules[0].Enabled, read.Rules[0].DryRun));

        // In force in versions without dry runs, so in force everywhere.
        Assert.True(
            RuleSetFormat.TryRead(
                """{"format":1,"revision":1,"rules":[{"name":"a","match":"a","dryRun":true,"since":1}]}"""u8.ToArray(),
                out var forced,
                out _));
        Assert.Equal((true, false), (forced.Rules[0].Enabled, forced.Rules[0].DryRun));
    }

    [Fact]
    public void Members_that_are_not_known_travel_on()
    {
        var content = Encoding.UTF8.GetBytes(
            """{"format":1, "revision":1, "hint":{"x":1}, "rules":[{"name":"a","match":"a","since":1,"colour":"red"}]}""");
        Assert.True(RuleSetFormat.TryRead(content, out var read, out _));

        Assert.Equal(content, read.Content.ToArray());
    }

    [Theory]
    [InlineData("""{"format":2,"revision":"seven"}""", true)]
    [InlineData("""{"format":0,"revision":7,"rules":[]}""", false)]
    [InlineData("""{"revision":7,"rules":[]}""", false)]
    [InlineData("""{"format":1,"revision":7}""", false)]
    [InlineData("""{"format":1,"revision":-1,"rules":[]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[{"name":"a","match":"*","since":1}]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[{"name":"a","match":"a","since":8}]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[{"name":"a","match":"a","since":1,"onInvalidate":"burn"}]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[{"name":"a","match":"a","since":1,"nearLifetime":null}]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[{"name":null,"match":"a","since":1}]}""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[3]}""", false)]
    [InlineData("""[]""", false)]
    [InlineData("""{"format":1,"revision":7,"rules":[]""", false)]
    [InlineData("", false)]
    public void What_cannot_be_used_is_said_to_be_newer_or_broken(string content, bool isNewer)
    {
        Assert.False(RuleSetFormat.TryRead(Encoding.UTF8.GetBytes(content), out _, out var why));
        Assert.Equal(isNewer, why.IsNewer);
        Assert.NotEmpty(why.Reason);
    }

    [Fact]
    public void Any_byte_sequence_is_read_or_refused_without_throwing()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var content = Encoding.UTF8.GetBytes(FullText);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                content[random.Next(content.Length)] = (byte)random.Next(256);
            }

            RuleSetFormat.TryRead(content.AsMemory(0, random.Next(content.Length + 1)), out _, out _);
        }
    }

    [Fact]
    public void An_edit_sets_since_where_match_or_enable_changed_and_nowhere_else()
    {
        var (products, site) = (Full.Rules[0], Full.Rules[1]);
        var next = Full.Next(
            [products with { NearLifetime = null }, site with { Enabled = true }, new Rule("new", new KeyPattern("new:*"))], ["another"]);

        Assert.Equal(8, next.Revision);
        Assert.Equal([3, 8, 8], next.Rules.Select(rule => rule.Since));
        Assert.Equal(["0190163d8694739bb8bc7d9b7b8f2a11", "another"], next.Cleared);
        Assert.Equal(9, next.Next([products with { Match = new KeyPattern("products:*") }]).Rules[0].Since);
    }
}
