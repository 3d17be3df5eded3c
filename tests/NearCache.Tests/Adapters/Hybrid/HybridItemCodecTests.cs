using System.Text;
using NearCache.Adapters.Hybrid;
using NearCache.Near;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Remote.Keys;
using NearCache.Tags;

namespace NearCache.Tests.Adapters.Hybrid;

public sealed class HybridItemCodecTests
{
    private static readonly TagVersion[] Tags = [new("*", 0x0123456789abcdef), new("größe", 1)];

    // docs/formats.md, "Entries of HybridCache".
    [Fact]
    public void An_entry_is_stored_as_documented()
    {
        var item = HybridItem.Of("red", Tags, new HybridSerializers(null, [], LosslessJsonOptions.Default, SharedTypes.Immutable));

        Assert.Equal("0002012a0123456789abcdef076772c3b6c39f650000000000000001726564", Convert.ToHexStringLower(item.Payload!.Bytes.Span));
        Assert.Equal(0x4E430104u, new Envelope(ValueKind.Hybrid).ToClientFlags());
    }

    [Fact]
    public void An_entry_is_read_back()
    {
        var serializers = new HybridSerializers(null, [], LosslessJsonOptions.Default, SharedTypes.Immutable);
        var codec = new HybridItemCodec();

        var item = codec.Decode(HybridItem.Of("red", Tags, serializers).Payload!.Bytes);

        Assert.Equal(Tags, item.Tags);
        Assert.False(item.TryTake<string>(serializers, out _));
        Assert.True(item.TryPrepare<string>(serializers, out _));
        Assert.True(item.TryTake<string>(serializers, out var value));
        Assert.Equal("red", value);
    }

    [Fact]
    public void Bytes_that_are_no_entry_are_refused_however_they_end()
    {
        var codec = new HybridItemCodec();
        var whole = HybridItem.Of(
            "", Tags, new HybridSerializers(null, [], LosslessJsonOptions.Default, SharedTypes.Immutable)).Payload!.Bytes;
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<FormatException>(() => codec.Decode(whole[..length]));
        }

        Assert.Throws<FormatException>(() => codec.Decode("\u0002 and more"u8.ToArray()));
        Assert.Throws<FormatException>(() => codec.Decode(Encoding.UTF8.GetBytes(new string('\u007f', 40))));
    }

    [Theory]
    [InlineData("key", "h:key")]
    [InlineData("größe", "h:größe")]
    [InlineData("two words", "h:#oD8dYRZF61OtFsGvVGygeS3IhFBbq1ft6A9NrWuRHTo")]
    [InlineData("#1", "h:#Cw-gsigKCWOeIFnlbI-pMo9NdqtI4IHf3IDafwmE-U4")]
    public void Keys_are_named_as_documented(string key, string name) =>
        Assert.Equal(name, new AdapterKeys("h:", name => !name.Contains(' ')).NameOf(key));
}
