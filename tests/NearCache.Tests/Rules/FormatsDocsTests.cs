using System.Text;
using NearCache.Rules;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Rules;

public sealed class FormatsDocsTests
{
    private static readonly string Formats = File.ReadAllText(Repository.At("docs", "formats.md"));
    private static readonly string[] Examples =
        [.. Formats.Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line[4..])];

    [Fact]
    public void The_documented_sets_are_read_and_written_as_they_stand_there()
    {
        var sets = Examples.Where(line => line.StartsWith("""{"format":1,"revision":""", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(sets);
        Assert.All(sets, text =>
        {
            Assert.True(RuleSetFormat.TryRead(Encoding.UTF8.GetBytes(text), out var set, out var why), why.Reason);
            Assert.Equal(
                text, Encoding.UTF8.GetString(RuleSetFormat.Write(set.Revision, set.Rules, set.Cleared, UnknownMembers.None).Span));
        });
    }

    [Fact]
    public void The_documented_stops_are_read_and_written_as_they_stand_there()
    {
        var text = Examples.First(line => line.StartsWith("""[{"id":""", StringComparison.Ordinal));

        Assert.True(StopsFormat.TryRead(Encoding.UTF8.GetBytes(text), out var stops, out _));
        Assert.Equal(text, Encoding.UTF8.GetString(StopsFormat.Write(stops).Span));
    }

    [Fact]
    public void The_documented_item_is_read_with_the_documented_flags_and_written_as_it_stands_there()
    {
        var line = Array.FindIndex(Examples, text => text.StartsWith("ncrules 1 0", StringComparison.Ordinal));
        var value = $"{Examples[line]}\n{Examples[line + 1]}";

        Assert.Contains("`628dd49b`", Formats, StringComparison.Ordinal);
        Assert.True(RulesItem.TryDecode(Encoding.UTF8.GetBytes(value), 0x628dd49b, out var item, out var why), why.Reason);
        Assert.Equal(value, Encoding.UTF8.GetString(item.Encode().Span));
    }

    [Fact]
    public void The_documented_registry_is_read_and_written_as_it_stands_there()
    {
        var text = Examples.Single(line => line.StartsWith("""{"format":1,"set":""", StringComparison.Ordinal));

        Assert.True(RegistryDocument.TryRead(Encoding.UTF8.GetBytes(text), out var document, out var why), why.Reason);
        Assert.Equal(text, Encoding.UTF8.GetString(document.Write()));
    }

    [Fact]
    public void The_documented_churn_breakers_are_read_and_written_as_they_stand_there()
    {
        var text = Examples.Single(line => line.StartsWith("""{"format":1,"circuits":""", StringComparison.Ordinal));

        Assert.True(CircuitsFormat.TryRead(Encoding.UTF8.GetBytes(text), out var circuits, out var why), why.Reason);
        Assert.Equal(text, Encoding.UTF8.GetString(CircuitsFormat.Write(circuits).Span));
        Assert.Equal([ChurnBreakerState.Open, ChurnBreakerState.Closed], circuits.Select(circuit => circuit.State));
    }
}
