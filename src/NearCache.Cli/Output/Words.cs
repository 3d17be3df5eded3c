using System.Globalization;

namespace NearCache.Cli.Output;

/// <summary>Writes figures for people.</summary>
internal static class Words
{
    /// <summary>Returns a duration with about two digits.</summary>
    public static string Of(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1000 } => Text($"{Math.Max(time.TotalMilliseconds, 0):0} ms"),
        { TotalSeconds: < 9.95 } => Text($"{time.TotalSeconds:0.#} s"),
        { TotalSeconds: < 120 } => Text($"{time.TotalSeconds:0} s"),
        { TotalMinutes: < 120 } => Text($"{time.TotalMinutes:0} min"),
        { TotalHours: < 48 } => Text($"{time.TotalHours:0} h"),
        _ => Text($"{time.TotalDays:0} d"),
    };

    /// <summary>Returns a rate per second.</summary>
    public static string Rate(double perSecond) => perSecond switch
    {
        0 => "0",
        < 10 => Text($"{perSecond:0.##}"),
        < 100 => Text($"{perSecond:0.#}"),
        _ => Text($"{perSecond:#,0}"),
    };

    /// <summary>Returns a number of bytes in a unit that fits it.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        < 1024 => Text($"{bytes:0} B"),
        < 1024 * 1024 => Text($"{bytes / 1024:0.#} KiB"),
        < 1024L * 1024 * 1024 => Text($"{bytes / 1024 / 1024:0.#} MiB"),
        _ => Text($"{bytes / 1024 / 1024 / 1024:0.#} GiB"),
    };

    /// <summary>Returns a number.</summary>
    public static string Number(long number) => Text($"{number:#,0}");

    /// <summary>Returns a number and the word for it, in singular or plural.</summary>
    public static string Count(long number, string one, string? several = null) =>
        $"{Number(number)} {(number == 1 ? one : several ?? one + "s")}";

    /// <summary>Returns a time of day with its date, in UTC.</summary>
    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Returns the first names of a list, and how many there are beyond them.</summary>
    public static string List(IEnumerable<string> names, int most = 5)
    {
        var all = names.ToArray();
        return string.Join(", ", all.Take(most)) + (all.Length > most ? $" and {all.Length - most} more" : "");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
