using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Why;

/// <summary>Collects what this process, the server of a key and the reports of other processes know of the key. Changes nothing.</summary>
internal sealed class KeyDiagnoser(
    KeyPlacement placement,
    RuleTable rules,
    NearStore near,
    CoherenceContext context,
    IValueFormat format,
    IWriterNames writers)
{
    private readonly WriteDescriptions _descriptions = new(writers, context.Writer, context.Clock);

    /// <summary>Diagnoses a key.</summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public async Task<KeyDiagnosis> DiagnoseAsync(string key, CancellationToken cancellationToken)
    {
        placement.ThrowIfClosed();
        var isPrefixKnown = await placement.PrefixKnownAsync(cancellationToken).ConfigureAwait(false);
        PlacedKey place;
        try
        {
            place = placement.Place(key);
        }
        catch (ArgumentException e)
        {
            return Refused(key, e);
        }

        var now = context.Clock.Now();
        var finding = RuleFinding.Of(place.Text, rules);
        var entry = near.Find(place.Text);
        var isCounted = finding.Rule is not null || place.Server.Rules.View.Decide(place.Text, now) == BumpDecision.Bump;
        var unknown = new List<string>();
        if (!isPrefixKnown)
        {
            unknown.Add("the prefix of the namespace's keys: no server has answered, so the default is assumed");
        }

        var item = await ItemReading.ReadAsync(
            place.Server.Server, place.Physical, context.HasCounters ? context.Names : null, cancellationToken).ConfigureAwait(false);
        var writes = KeyWrites.None;
        if (item.Problem is not null)
        {
            unknown.Add("the item and its writers: the server did not answer");
        }
        else if (WhyNoWriters(isCounted) is { } why)
        {
            unknown.Add($"its writers: {why}");
        }
        else if (item.Total is { } newest)
        {
            writes = await ReadWritesAsync(place, newest, unknown, cancellationToken).ConfigureAwait(false);
        }

        if (Untold() is { } untold)
        {
            unknown.Add(untold);
        }

        var described = item.Describe(format, isMemcached: context.HasCounters && context.IsShared);
        var shownWrites = await _descriptions.DescribeAsync(writes.Found, place.Server.Heard, cancellationToken).ConfigureAwait(false);
        var server = Describe(place.Server, item.Problem, finding.Rule, now);
        var rule = finding.Describe(active => FillsAfter(active, place.Server, now));
        return new KeyDiagnosis
        {
            Key = key,
            Name = place.Text == key ? null : place.Text,
            PhysicalKey = StrictUtf8.Encoding.GetString(place.Physical),
            Server = server,
            Segment = place.Hash.Segment,
            Rule = rule,
            RuleReason = finding.Reason,
            Item = described,
            Near = entry is null ? null : Describe(entry, now),
            Misses = new MissFinding(
                rules, finding, rule, server, described, new NearFinding(entry, context.KeepsNear, shownWrites, now)).Find(),
            Notes =
            [
                .. DiagnosisNotes.Of(place.Text != key, finding.Rule, described),
                .. context.Prefix.Agrees ? (string[])[] :
                [
                    "The servers hold another KeyPrefix for the namespace than this process has, so nothing is near here",
                ],
            ],
            Writes = shownWrites,
            AreWritesTruncated = writes.IsTruncated,
            Unknown = unknown,
        };
    }

    // A server that does not answer any more makes the writers unknown.
    private async Task<KeyWrites> ReadWritesAsync(
        PlacedKey place, long newest, List<string> unknown, CancellationToken cancellationToken)
    {
        try
        {
            var writes = await WriteHistory.ReadAsync(
                place.Server.Server, context.Names, newest, place.Hash.Segment, place.Name, cancellationToken).ConfigureAwait(false);
            unknown.AddRange(writes.Unknown);
            return writes;
        }
        catch (MemcachedException e)
        {
            unknown.Add($"its writers: {e.Message}");
            return KeyWrites.None;
        }
    }

    /// <summary>Returns the diagnosis of a key that no item can have.</summary>
    public static KeyDiagnosis Refused(string key, ArgumentException exception)
    {
        var message = exception.Message;
        var end = message.LastIndexOf(" (Parameter ", StringComparison.Ordinal);
        var refusal = end < 0 ? message : message[..end];
        return new KeyDiagnosis
        {
            Key = key,
            Refusal = refusal,
            RuleReason = "a key that every call refuses has no rule",
            Misses = [new NearMiss { Cause = NearMissCause.KeyRefused, Text = $"every call refuses the key. {refusal}" }],
        };
    }

    private static DiagnosedEntry Describe(NearEntry entry, in Timestamps now) => new()
    {
        IsServable = entry.IsServable(now),
        Age = TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - entry.FetchedAt, 0)),
        ExpiresAfter = entry.ExpiresAfter(now),
        ConfirmedBefore = entry.IsConfirmed ? entry.ConfirmedBefore(now) : null,
        IsNull = entry.Value is null,
        Rule = entry.Rule.Name,
        Bytes = entry.Bytes,
        Cas = entry.Version.Cas,
    };

    private static TimeSpan? FillsAfter(ActiveRule rule, CoherentServer server, in Timestamps now) =>
        server.Rules.View.FillsAfter(RuleTranslation.Identity(rule), now) is { } wait ? TimeSpan.FromMilliseconds(wait) : null;

    private DiagnosedServer Describe(CoherentServer server, string? problem, ActiveRule? rule, in Timestamps now) => new()
    {
        Name = server.Server.Name,
        Problem = problem,
        IsServedNear = server.Gate.IsOpen(now, rule?.MaxStalenessMilliseconds ?? context.MaxStaleness),
        ConfirmedBefore = server.Gate.Confirmed is var confirmed && confirmed == Timestamps.Never
            ? null
            : TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - confirmed.Monotonic, 0)),
    };

    private string? WhyNoWriters(bool isCounted) =>
        !context.HasCounters ? "this remote does not count writes"
        : !context.IsShared ? "only this process writes to the embedded remote"
        : !isCounted ? "writes of keys without a rule are not counted"
        : null;

    private string? Untold() =>
        !context.HasCounters ? "the last access and the CAS value of the item: the remote is an IDistributedCache, which does not tell"
        : !context.IsShared ? "the last access of the item: the embedded remote does not record it"
        : null;
}
