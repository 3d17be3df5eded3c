using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Tests.Reading;
using NearCache.TestSupport;

namespace NearCache.Tests.Remote.Formats;

public sealed class ValueTranscoderTests
{
    private readonly ManualTime _time = new();
    private readonly ValueTranscoder _format;

    public ValueTranscoderTests() => _format = new ValueTranscoder(new EnvelopeFormat(), LosslessJsonOptions.Default, _time);

    private sealed record Product(int Number, string Name);

    [Fact]
    public void The_bytes_are_those_on_record()
    {
        Assert.Equal("4E430101 67-72-C3-B6-C3-9F-65", Written("größe"));
        Assert.Equal("4E430102 01-00-FF", Written(new byte[] { 1, 0, 255 }));
        Assert.Equal("4E430100 34-32", Written(42));
        Assert.Equal(
            "4E430100 7B-22-4E-75-6D-62-65-72-22-3A-31-2C-22-4E-61-6D-65-22-3A-22-63-6F-61-74-22-7D", Written(new Product(1, "coat")));
        Assert.Equal("4E430103 ", Written<string?>(null));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        Assert.Equal("", Reread(""));
        Assert.Equal("größe", Reread("größe"));
        Assert.Equal([1, 2], Reread(new byte[] { 1, 2 }));
        Assert.Equal(new Product(1, "coat"), Reread(new Product(1, "coat")));
        Assert.Null(Reread<Product?>(null));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x4E43_0200u)]
    [InlineData(0x4E43_01FFu)]
    [InlineData(0x0101u)]
    public void A_foreign_or_newer_value_is_a_miss_with_a_reason(uint flags)
    {
        var item = new MetaResponse { Status = MetaStatus.Ok, Value = "x"u8.ToArray(), ClientFlags = flags };

        Assert.False(_format.TryRead<string>(item, out _, out var reason, out _));
        Assert.Equal("foreign", reason);
    }

    [Fact]
    public void A_value_of_another_type_or_a_broken_one_is_a_miss_with_a_reason()
    {
        Assert.False(_format.TryRead<int>(Item(_format.Set([1], "text", TimeSpan.FromHours(1))), out _, out var reason, out _));
        Assert.Equal("kind", reason);

        var broken = Item(_format.Set([1], 42, TimeSpan.FromHours(1))) with { Value = "{"u8.ToArray() };
        Assert.False(_format.TryRead<int>(broken, out _, out reason, out var exception));
        Assert.Equal("content", reason);
        Assert.NotNull(exception);
    }

    [Fact]
    public void A_place_holder_is_a_plain_miss()
    {
        Assert.False(
            _format.TryRead<string>(new MetaResponse { Status = MetaStatus.Ok, IsWonByAnother = true }, out _, out var reason, out _));
        Assert.Null(reason);
    }

    [Fact]
    public void Half_a_character_is_refused_before_anything_is_sent() =>
        Assert.ThrowsAny<ArgumentException>(() => _format.Set([1], "broken\ud800", TimeSpan.FromHours(1)));

    [Fact]
    public void Lifetimes_are_seconds_up_to_30_days_and_a_date_beyond()
    {
        Assert.Equal(2, Expiry.Of(TimeSpan.FromSeconds(1.2), _time));
        Assert.Equal(30 * 86400, Expiry.Of(TimeSpan.FromDays(30), _time));
        Assert.Equal(_time.GetUtcNow().AddDays(31).ToUnixTimeSeconds(), Expiry.Of(TimeSpan.FromDays(31), _time));
        Assert.Equal(0, Expiry.Of(TimeSpan.FromDays(40_000), _time));

        // A deadline that has passed meanwhile does not become "no expiration".
        Assert.Equal(1, Expiry.Of(TimeSpan.Zero, _time));
        Assert.Equal(1, Expiry.Of(TimeSpan.FromSeconds(-3), _time));
    }

    private static MetaResponse Item(MetaCommand command) =>
        new() { Status = MetaStatus.Ok, Value = command.Value, ClientFlags = command.ClientFlags };

    private string Written<T>(T value)
    {
        var command = _format.Set([1], value, TimeSpan.FromHours(1));
        return $"{command.ClientFlags:X8} {BitConverter.ToString(command.Value.ToArray())}";
    }

    private T? Reread<T>(T value)
    {
        Assert.True(_format.TryRead<T>(Item(_format.Set([1], value, TimeSpan.FromHours(1))), out var read, out _, out _));
        return read;
    }
}
