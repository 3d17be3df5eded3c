using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>The JSON format of rule sets; <c>docs/formats.md</c> has examples.</summary>
internal static class RuleSetFormat
{
    /// <summary>The version of the format. Sets with a higher number are left alone.</summary>
    public const int Number = 1;

    private static readonly string[] KnownOfSet = ["format", "revision", "rules", "cleared"];

    private static readonly string[] KnownOfRule =
    [
        "name", "match", "nearLifetime", "maxStaleness", "missLifetime", "preload", "maxWritesPerSecond", "maxFleetWritesPerSecond",
        "maxEntries", "maxBytes", "onInvalidate", "shareValues", "enabled", "dryRun", "since",
    ];

    // The text is stored, not shown in a page: '<' and characters beyond ASCII need no escape.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a set: members in a fixed order without defaults and white space, then unknown members.</summary>
    public static ReadOnlyMemory<byte> Write(
        long revision, ImmutableArray<Rule> rules, ImmutableArray<string> cleared, UnknownMembers others)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Number);
            writer.WriteNumber("revision"u8, revision);
            writer.WriteStartArray("rules"u8);
            foreach (var rule in rules)
            {
                Write(writer, rule);
            }

            writer.WriteEndArray();
            if (!cleared.IsEmpty)
            {
                WriteTexts(writer, "cleared", cleared);
            }

            others.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads a set. Returns false and the reason if this process cannot use it.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out RuleSet set, out UnreadableReason why)
    {
        set = RuleSet.Empty;
        why = default;
        if (content.Length > RuleSet.MaxBytes)
        {
            why = new UnreadableReason(false, $"it has {content.Length} bytes, more than {RuleSet.MaxBytes}");
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            var format = root.GetProperty("format").GetInt32();
            if (format != Number)
            {
                why = new UnreadableReason(format > Number, $"it has format {format}, and this process reads {Number}");
                return false;
            }

            ImmutableArray<Rule> rules = [.. root.GetProperty("rules").EnumerateArray().Select(Read)];
            set = new RuleSet(
                root.GetProperty("revision").GetInt64(),
                rules,
                Texts(root, "cleared"),
                UnknownMembers.Of(root, KnownOfSet),
                content.ToArray());
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            why = new UnreadableReason(false, exception.Message);
            return false;
        }

        if (RuleSetMistakes.Of(set) is [var first, ..])
        {
            why = new UnreadableReason(false, first);
            return false;
        }

        return true;
    }

    /// <summary>Returns whether an exception means that a document is malformed.</summary>
    public static bool IsUnreadable(Exception exception) =>
        exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException;

    /// <summary>Returns a member that must be a string. Throws what <see cref="IsUnreadable"/> accepts.</summary>
    public static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null, but must be a text");

    /// <summary>Writes one rule, as it stands in a set.</summary>
    public static void Write(Utf8JsonWriter writer, Rule rule)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, rule.Name);
        writer.WriteString("match"u8, rule.Match.Text);
        WriteDuration(writer, "nearLifetime", rule.NearLifetime);
        WriteDuration(writer, "maxStaleness", rule.MaxStaleness);
        WriteDuration(writer, "missLifetime", rule.MissLifetime);
        if (!rule.Preload.IsEmpty)
        {
            WriteTexts(writer, "preload", rule.Preload);
        }

        if (rule.MaxWritesPerSecond is { } most)
        {
            writer.WriteNumber("maxWritesPerSecond"u8, most);
        }

        if (rule.MaxFleetWritesPerSecond is { } together)
        {
            writer.WriteNumber("maxFleetWritesPerSecond"u8, together);
        }

        if (rule.MaxEntries is { } entries)
        {
            writer.WriteNumber("maxEntries"u8, entries);
        }

        if (rule.MaxBytes is { } bytes)
        {
            writer.WriteNumber("maxBytes"u8, bytes);
        }

        if (rule.OnInvalidate == InvalidationPolicy.Refresh)
        {
            writer.WriteString("onInvalidate"u8, "refresh"u8);
        }

        if (rule.ShareValues)
        {
            writer.WriteBoolean("shareValues"u8, true);
        }

        if (!rule.Enabled)
        {
            writer.WriteBoolean("enabled"u8, false);
        }

        if (rule.DryRun)
        {
            writer.WriteBoolean("dryRun"u8, true);
        }

        writer.WriteNumber("since"u8, rule.Since);
        rule.Others.WriteTo(writer);
        writer.WriteEndObject();
    }

    /// <summary>Reads one rule. Throws what <see cref="IsUnreadable"/> accepts.</summary>
    public static Rule Read(JsonElement element) => new(Text(element, "name"), new KeyPattern(Text(element, "match")))
    {
        NearLifetime = Duration(element, "nearLifetime"),
        MaxStaleness = Duration(element, "maxStaleness"),
        MissLifetime = Duration(element, "missLifetime"),
        Preload = Texts(element, "preload"),
        MaxWritesPerSecond = element.TryGetProperty("maxWritesPerSecond", out var most) ? most.GetDouble() : null,
        MaxFleetWritesPerSecond = element.TryGetProperty("maxFleetWritesPerSecond", out var together) ? together.GetDouble() : null,
        MaxEntries = element.TryGetProperty("maxEntries", out var entries) ? entries.GetInt32() : null,
        MaxBytes = element.TryGetProperty("maxBytes", out var bytes) ? bytes.GetInt64() : null,
        OnInvalidate = !element.TryGetProperty("onInvalidate", out var policy) ? InvalidationPolicy.Drop : policy.GetString() switch
        {
            "drop" => InvalidationPolicy.Drop,
            "refresh" => InvalidationPolicy.Refresh,
            var other => throw new FormatException($"onInvalidate is \"{other}\", but must be drop or refresh"),
        },
        ShareValues = element.TryGetProperty("shareValues", out var shares) && shares.GetBoolean(),
        Enabled = !element.TryGetProperty("enabled", out var enabled) || enabled.GetBoolean(),

        // An enabled rule is in force in versions without dry runs, so it is in force everywhere.
        DryRun = element.TryGetProperty("dryRun", out var dryRun)
            && dryRun.GetBoolean()
            && element.TryGetProperty("enabled", out var off)
            && !off.GetBoolean(),
        Since = element.GetProperty("since").GetInt64(),
        Others = UnknownMembers.Of(element, KnownOfRule),
    };

    private static ImmutableArray<string> Texts(JsonElement element, string name) => element.TryGetProperty(name, out var texts)
        ? [.. texts.EnumerateArray().Select(text => text.GetString() ?? throw new FormatException($"{name} holds a null"))]
        : [];

    private static TimeSpan? Duration(JsonElement element, string name) => element.TryGetProperty(name, out _)
        ? TimeSpan.ParseExact(Text(element, name), "c", CultureInfo.InvariantCulture)
        : null;

    private static void WriteDuration(Utf8JsonWriter writer, string name, TimeSpan? duration)
    {
        if (duration is { } value)
        {
            writer.WriteString(name, value.ToString("c", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, ImmutableArray<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}

/// <summary>Why this process cannot use rules that it has found. They are not overwritten.</summary>
/// <param name="IsNewer">Whether a newer version wrote them, in an unknown format.</param>
/// <param name="Reason">What is wrong, as the end of a sentence.</param>
internal readonly record struct UnreadableReason(bool IsNewer, string Reason);
