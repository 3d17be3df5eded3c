using System.Text;
using NearCache.Coherence.Identity.Core;

namespace NearCache.Tests.Coherence.Identity;

public sealed class IdentityDocumentTests
{
    private const string Item = "9f86d081884c7d659a2feaa0c55ad015 281474976710000";

    private const string Document = """
        {"format":1,"servers":{"cache-1:11211":{"current":["9f86d081884c7d659a2feaa0c55ad015"],"total":281474976710100,
        "at":"2030-01-01T12:00:00.000Z","past":[{"id":"b94d27b9934d3e08a52e52d7da7dabfa","until":"2030-01-01T10:31:00.000Z",
        "simultaneous":true}]}},"placements":{"KeyPrefix=shop:;cache-1:11211,cache-2:11211":17}}
        """;

    private static string Vector => Document.ReplaceLineEndings("");


    [Fact]
    public void The_test_vectors_of_the_formats_page_are_read_and_written()
    {
        var page = File.ReadAllText(Path.Combine(Conventions.Repository.Root, "docs", "formats.md"));
        Assert.Contains(Item, page, StringComparison.Ordinal);
        Assert.Contains(Vector, page, StringComparison.Ordinal);

        Assert.True(ServerIdentity.TryDecode(Encoding.ASCII.GetBytes(Item), out var identity));
        Assert.Equal(new ServerIdentity("9f86d081884c7d659a2feaa0c55ad015", 281_474_976_710_000), identity);
        Assert.Equal(Item, Encoding.ASCII.GetString(identity.Encode()));

        Assert.True(IdentityDocument.TryDecode(Encoding.UTF8.GetBytes(Vector), out var document, out _));
        Assert.Equal(Vector, Encoding.UTF8.GetString(document.Encode()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("9f86d081884c7d659a2feaa0c55ad015")]
    [InlineData("9f86d081884c7d659a2feaa0c55ad015 ")]
    [InlineData("9f86d081884c7d659a2feaa0c55ad015 1x")]
    [InlineData("9f86d081884c7d659a2feaa0c55ad015 -1")]
    [InlineData("9F86D081884C7D659A2FEAA0C55AD015 1")]
    public void Other_bytes_are_no_identity(string item) =>
        Assert.False(ServerIdentity.TryDecode(Encoding.ASCII.GetBytes(item), out _));

    [Fact]
    public void An_identity_belongs_to_the_total_from_which_it_counts()
    {
        var identity = new ServerIdentity(new string('a', 32), 1000);
        Assert.True(identity.Fits(1000));
        Assert.True(identity.Fits(1000 + (1L << 40) - 1));
        Assert.False(identity.Fits(999));
        Assert.False(identity.Fits(1000 + (1L << 40)));
    }

    [Theory]
    [InlineData("""{"format":2,"anything":1}""", true)]
    [InlineData("""{"format":1}""", false)]
    [InlineData("""{"format":1,"servers":{"a":{"current":["x"],"past":[]}},"placements":{}}""", false)]
    [InlineData("nonsense", false)]
    public void A_newer_document_is_left_alone_and_a_broken_one_is_replaced(string text, bool isNewer)
    {
        Assert.False(IdentityDocument.TryDecode(Encoding.UTF8.GetBytes(text), out _, out var newer));
        Assert.Equal(isNewer, newer);
    }

    [Fact]
    public void A_document_that_is_too_large_is_replaced()
    {
        var text = Vector.Replace("shop:", new string('x', IdentityDocument.MaxBytes), StringComparison.Ordinal);
        Assert.False(IdentityDocument.TryDecode(Encoding.UTF8.GetBytes(text), out _, out var isNewer));
        Assert.False(isNewer);
    }

    [Fact]
    public void No_bytes_are_an_empty_document()
    {
        Assert.True(IdentityDocument.TryDecode(default, out var document, out _));
        Assert.Empty(document.Names);
    }
}
