using System.Text;
using NearCache.Remote.Keys;

namespace NearCache.Tests.Remote.Keys;

public sealed class PhysicalKeysTests
{
    private readonly PhysicalKeys _keys = new("shop", "p-");

    [Fact]
    public void A_key_stands_behind_the_prefix() => Assert.Equal("p-größe:1"u8.ToArray(), _keys.OfUser("größe:1"));

    [Fact]
    public void A_counter_stands_where_no_key_can() =>
        Assert.Equal("~nc:1:shop:counter:views", Encoding.UTF8.GetString(_keys.OfCounter("views")));

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
        Assert.Contains(
            "251", Assert.Throws<ArgumentException>(() => _keys.OfUser(new string('k', 249))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _keys.OfUser(new string('ü', 125)));
    }

    [Fact]
    public void The_message_does_not_repeat_a_key_that_may_be_private() =>
        Assert.DoesNotContain(
            "secret", Assert.Throws<ArgumentException>(() => _keys.OfUser("secret key")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("größe/日本/😀")]
    [InlineData("\u00e9")]
    [InlineData("e\u0301")]
    [InlineData("\u00a0")]
    public void A_key_beyond_ASCII_is_its_UTF8_and_never_changed(string key) =>
        Assert.Equal($"p-{key}", Encoding.UTF8.GetString(_keys.OfUser(_keys.NameOf(key))));

    [Fact]
    public void A_long_key_has_the_name_on_record()
    {
        var keys = new PhysicalKeys("shop", "p-", LongKeyPolicy.Hash);
        var product = $"product:{new string('x', 300)}";

        Assert.Equal($"product:{new string('x', 92)}~sha256:ouKFNG-lowgm6f01nkC8caKWjWKhJA1cvf4I-p8hHUU", keys.NameOf(product));
        Assert.Equal($"{new string('ü', 50)}~sha256:V6uTQ1Q7RaKVC1gyfE64VIA_K8vfi_RgKK8hOWdiKno", keys.NameOf(new string('ü', 130)));
        Assert.Contains(
            "ouKFNG-lowgm6f01nkC8caKWjWKhJA1cvf4I-p8hHUU",
            File.ReadAllText(Conventions.Repository.At("docs", "formats.md")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_key_is_cut_between_characters()
    {
        var keys = new PhysicalKeys("shop", "", LongKeyPolicy.Hash);
        foreach (var start in Enumerable.Range(0, 4))
        {
            var name = keys.NameOf(new string('a', start) + string.Concat(Enumerable.Repeat("😀", 100)));

            Assert.Equal(100 - (start == 0 ? 0 : 4 - start), Encoding.UTF8.GetByteCount(name) - "~sha256:".Length - 43);
            Assert.DoesNotContain('\ufffd', name);
        }
    }

    [Fact]
    public void Only_what_is_too_long_is_hashed_and_only_by_setting()
    {
        var keys = new PhysicalKeys("shop", "p-", LongKeyPolicy.Hash);

        Assert.Equal(new string('k', 248), keys.NameOf(new string('k', 248)));
        Assert.StartsWith($"{new string('k', 100)}~sha256:", keys.NameOf(new string('k', 249)), StringComparison.Ordinal);
        Assert.StartsWith($"{new string('ü', 50)}~sha256:", keys.NameOf(new string('ü', 125)), StringComparison.Ordinal);
        Assert.Equal(new string('k', 249), _keys.NameOf(new string('k', 249)));
    }

    [Fact]
    public void Keys_that_begin_alike_have_names_of_their_own()
    {
        var keys = new PhysicalKeys("shop", "", LongKeyPolicy.Hash);

        Assert.Equal(1_000, Enumerable.Range(0, 1_000).Select(number => keys.NameOf($"{new string('k', 250)}{number}")).Distinct().Count());
    }

    [Fact]
    public void No_key_can_take_the_name_of_another()
    {
        var keys = new PhysicalKeys("shop", "", LongKeyPolicy.Hash);
        var name = keys.NameOf(new string('k', 300));

        Assert.Contains("hashed name", Assert.Throws<ArgumentException>(() => keys.NameOf(name)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => keys.OfCounter(name));
        Assert.False(keys.CanHold(name));
        Assert.Equal($"{name}!", keys.NameOf($"{name}!"));
        Assert.Equal(name[1..^1], keys.NameOf(name[1..^1]));
        Assert.Equal(name, _keys.NameOf(name));
    }

    [Fact]
    public void A_long_key_with_what_memcached_cannot_have_is_refused_all_the_same()
    {
        var keys = new PhysicalKeys("shop", "", LongKeyPolicy.Hash);

        Assert.Throws<ArgumentException>(() => keys.OfUser(keys.NameOf($"a b{new string('k', 300)}")));
        Assert.ThrowsAny<ArgumentException>(() => keys.NameOf($"{new string('k', 300)}\ud800"));
        Assert.Throws<ArgumentException>(() => keys.OfUser(keys.NameOf($"~nc:{new string('k', 300)}")));
    }

    [Fact]
    public void Long_names_of_counters_and_locks_fit_behind_the_longest_namespace()
    {
        var keys = new PhysicalKeys(new string('n', 64), new string('p', 64), LongKeyPolicy.Hash);

        Assert.All(
            [keys.OfCounter(new string('k', 300)), keys.OfLock(new string('k', 300)), keys.OfFence(new string('k', 300))],
            key => Assert.InRange(key.Length, 1, 250));
    }
}
