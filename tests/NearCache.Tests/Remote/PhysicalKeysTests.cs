using System.Text;
using NearCache.Remote;

namespace NearCache.Tests.Remote;

public sealed class PhysicalKeysTests
{
    private readonly PhysicalKeys _keys = new("shop", "p-");

    [Fact]
    public void A_key_stands_behind_the_prefix() => Assert.Equal("p-größe:1"u8.ToArray(), _keys.OfUser("größe:1"));

    [Fact]
    public void A_counter_stands_where_no_key_can() => Assert.Equal("~nc:1:shop:counter:views", Encoding.UTF8.GetString(_keys.OfCounter("views")));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a\0b")]
    [InlineData("a\u007f")]
    [InlineData("~nc:1:shop:total")]
    [InlineData("~tag:x")]
    public void What_cannot_be_a_key_is_refused(string key) => Assert.ThrowsAny<ArgumentException>(() => _keys.OfUser(key));

    // Not as inline data: an attribute would hold it mended.
    [Fact]
    public void Half_a_character_is_refused() => Assert.ThrowsAny<ArgumentException>(() => _keys.OfUser("broken\ud800"));

    [Fact]
    public void A_key_has_at_most_250_bytes_with_its_prefix()
    {
        Assert.Equal(250, _keys.OfUser(new string('k', 248)).Length);
        Assert.Contains("251", Assert.Throws<ArgumentException>(() => _keys.OfUser(new string('k', 249))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _keys.OfUser(new string('ü', 125)));
    }

    [Fact]
    public void The_message_does_not_repeat_a_key_that_may_be_private() =>
        Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(() => _keys.OfUser("secret key")).Message, StringComparison.Ordinal);
}
