using System.Text.Json;
using NearCache.Remote.Formats.Json;

namespace NearCache.Tests.Remote.Values;

public sealed class StrictDateTimeTests
{
    private static readonly TimeZoneInfo East = TimeZoneInfo.CreateCustomTimeZone("East", TimeSpan.FromHours(9), "East", "East");
    private static readonly TimeZoneInfo West = TimeZoneInfo.CreateCustomTimeZone("West", TimeSpan.FromHours(-5), "West", "West");

    [Fact]
    public void A_local_time_without_a_UTC_time_is_refused()
    {
        Assert.Contains("cannot be read back", Refused(East, DateTime.MinValue).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read back", Refused(East, DateTime.MinValue.AddHours(8)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read back", Refused(West, DateTime.MaxValue).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_times_at_the_limits_are_written_as_the_serializer_writes_them()
    {
        var plain = new JsonSerializerOptions();
        foreach (var zone in new[] { East, West })
        {
            foreach (var kind in new[] { DateTimeKind.Utc, DateTimeKind.Unspecified })
            {
                foreach (var time in new[] { DateTime.MinValue, DateTime.MaxValue, new DateTime(2030, 1, 2, 3, 4, 5).AddTicks(70) })
                {
                    var value = DateTime.SpecifyKind(time, kind);
                    Assert.Equal(JsonSerializer.Serialize(value, plain), JsonSerializer.Serialize(value, Options(zone)));
                    Assert.Equal(JsonSerializer.Serialize(Keyed(value), plain), JsonSerializer.Serialize(Keyed(value), Options(zone)));
                }
            }
        }

        var local = new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Local);
        Assert.Equal(JsonSerializer.Serialize(Keyed(local), plain), JsonSerializer.Serialize(Keyed(local), Options(East)));
        var json = JsonSerializer.Serialize(Keyed(local), plain);
        Assert.Equal(local, JsonSerializer.Deserialize<Dictionary<DateTime, int>>(json, Options(East))!.Keys.Single());
    }

    private static Dictionary<DateTime, int> Keyed(DateTime value) => new() { [value] = 1 };

    private static ArgumentException Refused(TimeZoneInfo zone, DateTime time) =>
        Assert.Throws<ArgumentException>(() => JsonSerializer.Serialize(DateTime.SpecifyKind(time, DateTimeKind.Local), Options(zone)));

    private static JsonSerializerOptions Options(TimeZoneInfo zone) => new() { Converters = { new StrictDateTimeConverter(zone) } };
}
