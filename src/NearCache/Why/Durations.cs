using System.Globalization;

namespace NearCache.Why;

/// <summary>Writes durations and sizes for people.</summary>
internal static class Durations
{
    /// <summary>Returns a duration with about two digits: <c>4 ms</c>, <c>3.2 s</c>, <c>57 s</c>, <c>59 min</c>, <c>3 h</c>.</summary>
    public static string Of(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1000 } => Text($"{Math.Max(time.TotalMilliseconds, 0):0} ms"),
        { TotalSeconds: < 9.95 } => Text($"{time.TotalSeconds:0.#} s"),
        { TotalSeconds: < 120 } => Text($"{Math.Floor(time.TotalSeconds):0} s"),
        { TotalMinutes: < 120 } => Text($"{Math.Floor(time.TotalMinutes):0} min"),
        { TotalHours: < 48 } => Text($"{Math.Floor(time.TotalHours):0} h"),
        _ => Text($"{Math.Floor(time.TotalDays):0} d"),
    };

    /// <summary>Returns a duration that is known in whole seconds.</summary>
    public static string OfSeconds(TimeSpan time) => time < TimeSpan.FromSeconds(120) ? Text($"{time.TotalSeconds:0} s") : Of(time);

    /// <summary>Returns a number of bytes.</summary>
    public static string OfBytes(long bytes) => Text($"{bytes:#,0} bytes");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
