using System.Globalization;
using System.Text;

namespace NearCache.Why;

/// <summary>Puts a diagnosis into words. Only the diagnosis decides the text.</summary>
internal static class DiagnosisText
{
    /// <summary>Returns the meaning in a few sentences.</summary>
    public static string Summarize(KeyDiagnosis diagnosis)
    {
        var text = new StringBuilder();
        if (diagnosis.Near is { IsServable: true } near)
        {
            text.Append(near.IsNull ? "Near here as a null, " : "Near here, ").Append(Durations.Of(near.Age)).Append(" old");
            text.Append("; valid for ").Append(Durations.Of(near.ExpiresAfter)).Append(" more");
            if (near.ConfirmedBefore is { } confirmed)
            {
                text.Append("; confirmed ").Append(Durations.Of(confirmed)).Append(" ago");
            }

            text.Append('.');
            if (diagnosis.Server is { Problem: { } problem })
            {
                Sentence(text, $"The server does not answer: {problem}");
            }
        }
        else
        {
            text.Append(diagnosis switch
            {
                { HasNearTier: true } => "Not near here",
                { Misses: [] } => $"Reads keep it near by the rule {diagnosis.Rule?.Name}",
                { Misses: [{ Cause: NearMissCause.RulesUnknown }, ..] } => "It is not known whether reads keep it near",
                _ => "Reads do not keep it near",
            });
            text.Append(diagnosis.Misses is [var first, ..] ? $": {Ended(first.Text)}" : ".");
            foreach (var further in diagnosis.Misses.Skip(1))
            {
                Sentence(text, further.Text);
            }

            if (diagnosis.Item is { Exists: true } item)
            {
                Sentence(text, $"The item is {Describe(item)}");
            }
            else if (diagnosis.Item is not null && !diagnosis.Misses.Any(miss => miss.Cause == NearMissCause.ItemAbsent))
            {
                Sentence(text, $"There is no item on {diagnosis.Server?.Name}");
            }
        }

        if (diagnosis.Writes is [var last, ..])
        {
            Sentence(text, Describe(last, diagnosis));
        }

        foreach (var note in diagnosis.Notes)
        {
            Sentence(text, note);
        }

        return text.ToString();
    }

    /// <summary>Returns everything that is known, in lines of text.</summary>
    public static string Describe(KeyDiagnosis diagnosis)
    {
        var text = new StringBuilder();
        Line(text, "key", diagnosis.Key);
        Line(text, "name", diagnosis.Name);
        Line(text, "on memcached", diagnosis.PhysicalKey);
        Line(text, "server", diagnosis.Server is { } server ? Describe(server, diagnosis) : null);
        Line(text, "rule", diagnosis.Rule is { } rule ? $"{rule.Name} ({rule.Match}): {diagnosis.RuleReason}" : diagnosis.RuleReason);
        Line(text, "item", diagnosis.Item is { } item ? Describe(item) : null);
        Line(text, "near", diagnosis.Near is { } near ? Describe(near) : null);
        foreach (var miss in diagnosis.Misses)
        {
            Line(text, "not near", miss.Text);
        }

        foreach (var write in diagnosis.Writes)
        {
            Line(text, "written", Describe(write, diagnosis.HasNearTier));
        }

        Line(text, "written", diagnosis.AreWritesTruncated ? "truncated: only the newest 1,024 records of the server were read" : null);
        foreach (var note in diagnosis.Notes)
        {
            Line(text, "note", note);
        }

        foreach (var unknown in diagnosis.Unknown)
        {
            Line(text, "unknown", unknown);
        }

        return text.Append(diagnosis.Summary).ToString();
    }

    private static string Describe(DiagnosedServer server, KeyDiagnosis diagnosis) =>
        string.Create(CultureInfo.InvariantCulture, $"{server.Name}, segment {diagnosis.Segment}")
        + (!diagnosis.HasNearTier ? ""
            : server.ConfirmedBefore is { } confirmed ? $", confirmed {Durations.Of(confirmed)} ago" : ", never confirmed")
        + (!diagnosis.HasNearTier || server.IsServedNear ? "" : ", not served near")
        + (server.Problem is { } problem ? $", does not answer: {problem.TrimEnd('.')}" : "");

    private static string Describe(DiagnosedItem item) => !item.Exists ? "absent" : string.Join(", ",
    [
        item.IsPlaceholder ? "the placeholder of a fill"
            : item.Content ?? string.Create(CultureInfo.InvariantCulture, $"foreign (client flags {item.ClientFlags})"),
        Durations.OfBytes(item.Size),
        item.TimeToLive is { } left ? $"ends in {Durations.OfSeconds(left)}" : "without expiry",
        .. item.LastAccess is not { } access || item.WasRead is not { } wasRead ? (string[])[]
            : wasRead ? [$"last accessed {Durations.OfSeconds(access)} ago"]
            : [$"stored {Durations.OfSeconds(access)} ago and not read since"],
        .. item.Cas == 0 ? (string[])[] : [string.Create(CultureInfo.InvariantCulture, $"CAS {item.Cas}")],
    ]);

    private static string Describe(DiagnosedEntry near) =>
        (near.IsServable ? "" : "not servable, ")
        + (near.IsNull ? "null, " : "")
        + $"read {Durations.Of(near.Age)} ago, "
        + (near.ExpiresAfter > TimeSpan.Zero ? $"valid for {Durations.Of(near.ExpiresAfter)} more, " : "expired, ")
        + (near.ConfirmedBefore is { } confirmed ? $"confirmed {Durations.Of(confirmed)} ago, " : "")
        + $"by the rule {near.Rule}, about {Durations.OfBytes(near.Bytes)}";

    private static string Describe(DiagnosedWrite write, bool hasNearTier) =>
        $"{Durations.OfSeconds(write.Age)} ago by {write.Writer}" + write switch
        {
            { HeardBy: WriteHeardBy.Announcement or WriteHeardBy.LogRecord, HeardBefore: { } before } =>
                $"; heard {Durations.Of(before)} ago "
                + (write.HeardBy == WriteHeardBy.Announcement ? "by its announcement" : "by its log record")
                + (write.HeardWithin is { } within ? $", at most {Durations.Of(within)} after it" : ""),
            { HeardBy: null } when hasNearTier => "; not heard of by itself here",
            _ => "",
        };

    private static string Describe(DiagnosedWrite last, KeyDiagnosis diagnosis) =>
        $"Last written {Describe(last, diagnosis.HasNearTier)}"
        + (diagnosis is { Writes.Count: 1, AreWritesTruncated: false }
            ? ""
            : $"; {diagnosis.Writes.Count}{(diagnosis.AreWritesTruncated ? " or more" : "")} writes in the last minute");

    private static void Sentence(StringBuilder text, string sentence) =>
        text.Append(' ').Append(char.ToUpperInvariant(sentence[0])).Append(Ended(sentence).AsSpan(1));

    private static string Ended(string sentence) => sentence[^1] == '.' ? sentence : $"{sentence}.";

    private static void Line(StringBuilder text, string name, string? content)
    {
        if (content is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name + ':',-14}{content}\n");
        }
    }
}
