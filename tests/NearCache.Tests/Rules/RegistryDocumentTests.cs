using System.Text;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RegistryDocumentTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RuleSet Set = RuleSet.Create(1, [new Rule("products", new KeyPattern("product:*"))], []);

    [Fact]
    public void A_document_is_written_byte_for_byte_as_documented_and_read_again()
    {
        var document = new RegistryDocument(Set, StopSet.None, [])
            .Edited(Set.Next(Set.Rules.Select(rule => rule with { Enabled = false })), "Alice", "too hot", Noon, isVerified: true)
            .Stopped(StopSet.Of([new Stop("one", null, "Bob", "drill", Noon)]));
        var text =
            """{"format":1,"set":{"format":1,"revision":2,"rules":[{"name":"products","match":"product:*","enabled":false,"since":2}]},"""
            + """ "stops":[{"id":"one","who":"Bob","why":"drill","when":"2030-01-01T12:00:00.000Z"}],""".TrimStart()
            + """ "history":[{"revision":2,"who":"Alice","why":"too hot","when":"2030-01-01T12:00:00.000Z","verified":true}],""".TrimStart()
            + """ "changes":[{"revision":2,"rules":[{"before":{"name":"products","match":"product:*","since":1},""".TrimStart()
            + """ "after":{"name":"products","match":"product:*","enabled":false,"since":2}}]}]}""".TrimStart();

        Assert.Equal(text, Encoding.UTF8.GetString(document.Write()));
        Assert.True(RegistryDocument.TryRead(document.Write(), out var read, out _));
        Assert.True(read.Set.IsSame(document.Set));
        Assert.Equal(document.Stops, read.Stops);
        Assert.Equal(document.History, read.History);
    }

    [Fact]
    public void What_a_newer_process_added_is_passed_on_and_the_set_stays_byte_for_byte()
    {
        var set = """{ "format":1, "revision":4, "new":true, "rules":[ ] }""";
        Assert.True(
            RegistryDocument.TryRead(
                Encoding.UTF8.GetBytes("""{"format":1,"set":SET,"limits":{"a":[1]}}""".Replace("SET", set, StringComparison.Ordinal)),
                out var read,
                out _));
        Assert.True(
            RegistryDocument.TryRead(read.Stopped(StopSet.Of([new Stop("one", null, "", "", Noon)])).Write(), out var again, out _));

        Assert.Equal(set, Encoding.UTF8.GetString(again.Set.Content.Span));
        Assert.Contains("""
            "limits":{"a":[1]}
            """, Encoding.UTF8.GetString(again.Write()), StringComparison.Ordinal);
        Assert.Single(again.Stops.Stops);
    }

    [Fact]
    public void What_a_newer_process_said_of_stops_and_edits_stays_through_edits_unions_and_the_servers()
    {
        const string Stop =
            """{"id":"one","rule":"products","who":"Bob","why":"drill","when":"2030-01-01T12:00:00.000Z","ticket":{"no":7}}""";
        const string Edit = """{"revision":1,"who":"Alice","why":"new","when":"2030-01-01T12:00:00.000Z","from":"console"}""";
        Assert.True(RegistryDocument.TryRead(
            Encoding.UTF8.GetBytes(
                $$"""{"format":1,"set":{{Encoding.UTF8.GetString(Set.Content.Span)}},"stops":[{{Stop}}],"history":[{{Edit}}]}"""),
            out var read,
            out _));
        var bare = StopSet.Of(read.Stops.Stops.Select(stop => stop with { Others = UnknownMembers.None }));

        var text = Encoding.UTF8.GetString(read.Stopped(bare).Edited(Set.Next(Set.Rules), "Carol", "again", Noon).Write());

        Assert.Contains(Stop, text, StringComparison.Ordinal);
        Assert.Contains(Edit, text, StringComparison.Ordinal);
        Assert.Equal($"[{Stop}]", Encoding.UTF8.GetString(StopsFormat.Write(bare.Union(read.Stops)).Span));
        Assert.True(StopsFormat.TryRead(StopsFormat.Write(read.Stops), out var travelled, out _));
        Assert.Equal(read.Stops, travelled);
        Assert.NotEqual(bare, travelled);
    }

    [Fact]
    public void What_is_said_of_a_stop_is_bounded()
    {
        var content = $$"""[{"id":"one","who":"Bob","why":"drill","when":"2030-01-01T12:00:00.000Z","essay":"{{new string('x', 300)}}"}]""";

        Assert.True(StopsFormat.TryRead(Encoding.UTF8.GetBytes(content), out var stops, out _));
        Assert.True(Assert.Single(stops.Stops).Others.IsEmpty);
    }

    [Fact]
    public void An_edit_that_clears_a_stop_takes_it_away_for_good()
    {
        var stops = StopSet.Of([new Stop("one", null, "", "", Noon), new Stop("two", null, "", "", Noon)]);
        var document = new RegistryDocument(Set, stops, []).Edited(Set.Next(Set.Rules, ["one"]), "Alice", "over", Noon).Stopped(stops);

        Assert.Equal("two", Assert.Single(document.Stops.Stops).Id);
    }

    [Fact]
    public void Only_the_last_edits_are_kept()
    {
        var document = new RegistryDocument(Set, StopSet.None, []);
        for (var i = 0; i < 40; i++)
        {
            document = document.Edited(document.Set.Next(Set.Rules), "Alice", "again", Noon);
        }

        Assert.Equal(RegistryDocument.MaxHistory, document.History.Length);
        Assert.Equal(41, document.History[^1].Revision);
    }

    [Theory]
    [InlineData("""{"format":2}""", true)]
    [InlineData("""{"format":1,"set":{"format":2}}""", true)]
    [InlineData("""{"format":1}""", false)]
    [InlineData("""{"format":1,"set":[]}""", false)]
    [InlineData("""{"format":1,"set":{"format":1,"revision":1,"rules":[]},"stops":{}}""", false)]
    [InlineData("", false)]
    public void What_cannot_be_used_is_said_to_be_newer_or_broken(string text, bool isNewer)
    {
        Assert.False(RegistryDocument.TryRead(Encoding.UTF8.GetBytes(text), out _, out var why));
        Assert.Equal(isNewer, why.IsNewer);
    }
}
