using System.Net;
using System.Text.Json;
using System.Text.Unicode;

namespace NearCache.Reports.Formats;

/// <summary>
/// Reads a JSON object of a report. A member that is absent, of another type or out of range has its default: any program can write a
/// report, and newer versions add members.
/// </summary>
internal readonly struct ReportObject(JsonElement element)
{
    // The greatest number of unknown members that are kept, and their longest JSON in characters.
    private const int MaxOthers = 64;
    private const int MaxOther = 8192;

    private const int MaxEntries = 4096;

    // Numbers of thousands of reports are added up without an overflow.
    private const long MaxNumber = 1_000_000_000_000_000;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 8 };

    // 9999-12-31, beyond which no date is representable.
    private static readonly long LatestSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>Parses a report of this format. Returns null for other content.</summary>
    /// <param name="content">The JSON.</param>
    /// <param name="most">The most bytes that the content may have.</param>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> content, int most)
    {
        if (content.Length > most || !Utf8.IsValid(content.Span))
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(content, Reading);
            if (document.RootElement.ValueKind == JsonValueKind.Object && new ReportObject(document.RootElement).Number("format") == 1)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Not JSON.
        }

        return null;
    }

    /// <summary>Returns a text, cleaned; null if there is none.</summary>
    public string? Text(string name)
    {
        try
        {
            return Find(name, JsonValueKind.String) is { } member ? ReportText.Clean(member.GetString()!) : null;
        }
        catch (InvalidOperationException)
        {
            // The escapes of the text are invalid.
            return null;
        }
    }

    /// <summary>Returns a text of at most 32 letters, digits and punctuation of ASCII; null if there is none.</summary>
    public string? Name(string name) =>
        Text(name) is { Length: > 0 and <= 32 } text && text.All(static letter => letter is > ' ' and <= '~') ? text : null;

    /// <summary>Returns a whole number that is not negative, at most 10^15; null if there is none.</summary>
    public long? Number(string name) =>
        Find(name, JsonValueKind.Number) is { } member && member.TryGetInt64(out var number) && number >= 0
            ? Math.Min(number, MaxNumber)
            : null;

    /// <summary>Returns a whole number that is not negative, at most <see cref="int.MaxValue"/>; 0 if there is none.</summary>
    public int Count(string name) => (int)Math.Min(Number(name) ?? 0, int.MaxValue);

    /// <summary>Returns a number that is finite and not negative, at most 10^15; 0 if there is none.</summary>
    public double Fraction(string name) =>
        Find(name, JsonValueKind.Number) is { } member && member.TryGetDouble(out var number) && double.IsFinite(number)
            ? Math.Clamp(number, 0, MaxNumber)
            : 0;

    /// <summary>Returns a number of milliseconds as a time; null if there is none.</summary>
    public TimeSpan? Milliseconds(string name) =>
        Number(name) is { } number ? TimeSpan.FromMilliseconds(Math.Min(number, (long)TimeSpan.MaxValue.TotalMilliseconds / 2)) : null;

    /// <summary>Returns a number of microseconds as a time; null if there is none.</summary>
    public TimeSpan? Microseconds(string name) =>
        Number(name) is { } number ? TimeSpan.FromMicroseconds(Math.Min(number, (long)TimeSpan.MaxValue.TotalMicroseconds / 2)) : null;

    /// <summary>Returns an IP address in its usual form; null if there is none.</summary>
    public string? Address(string name) => IPAddress.TryParse(Text(name), out var address) ? address.ToString() : null;

    /// <summary>Returns a time in seconds since 1970; null if there is none.</summary>
    public DateTimeOffset? Time(string name) => Number(name) is { } seconds ? Time(seconds) : null;

    /// <summary>Returns whether the member is <c>true</c>.</summary>
    public bool Flag(string name) => Find(name, JsonValueKind.True) is not null;

    /// <summary>Returns the entries of an array; null if there is none.</summary>
    public IEnumerable<JsonElement>? Entries(string name) => Find(name, JsonValueKind.Array)?.EnumerateArray().Take(MaxEntries);

    /// <summary>Returns the entries of an array of whole numbers that are not negative, up to the first that is none.</summary>
    public IEnumerable<long> Numbers(string name) => (Entries(name) ?? [])
        .Select(entry => entry.ValueKind == JsonValueKind.Number && entry.TryGetInt64(out var number)
            ? Math.Min(number, MaxNumber)
            : -1)
        .TakeWhile(number => number >= 0);

    /// <summary>Returns the objects in an array; empty if there is none.</summary>
    public IEnumerable<ReportObject> Objects(string name) =>
        (Entries(name) ?? []).Where(entry => entry.ValueKind == JsonValueKind.Object).Select(entry => new ReportObject(entry));

    /// <summary>Returns an object; null if there is none.</summary>
    public ReportObject? Object(string name) => Find(name, JsonValueKind.Object) is { } member ? new ReportObject(member) : null;

    /// <summary>Returns the members of an object that are counts.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counts(string name)
    {
        if (Find(name, JsonValueKind.Object) is not { } member)
        {
            yield break;
        }

        var counts = new ReportObject(member);
        foreach (var one in member.EnumerateObject().Take(MaxEntries))
        {
            if (NameOf(one) is { } key && counts.Number(key) is { } number)
            {
                yield return new(ReportText.Clean(key), number);
            }
        }
    }

    /// <summary>Returns the members of an object that are <c>true</c> or <c>false</c>.</summary>
    public IReadOnlyDictionary<string, bool> Flags(string name)
    {
        var flags = new Dictionary<string, bool>();
        if (Find(name, JsonValueKind.Object) is { } member)
        {
            foreach (var one in member.EnumerateObject().Take(MaxEntries))
            {
                if (one.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && NameOf(one) is { } key)
                {
                    flags[ReportText.Clean(key)] = one.Value.GetBoolean();
                }
            }
        }

        return flags;
    }

    /// <summary>Returns the members that are not known, each as JSON.</summary>
    public IReadOnlyDictionary<string, string> Others(IReadOnlySet<string> known)
    {
        var others = new Dictionary<string, string>();
        foreach (var member in element.EnumerateObject())
        {
            if (NameOf(member) is { } name
                && !known.Contains(name)
                && others.Count < MaxOthers
                && member.Value.GetRawText() is { Length: <= MaxOther } json)
            {
                others[ReportText.Clean(name)] = json;
            }
        }

        return others;
    }

    /// <summary>Returns a time in seconds since 1970; the latest time for greater numbers.</summary>
    public static DateTimeOffset Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, LatestSecond));

    // Null if the escapes of the name are invalid.
    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private JsonElement? Find(string name, JsonValueKind kind) =>
        element.TryGetProperty(name, out var member) && member.ValueKind == kind ? member : null;
}
