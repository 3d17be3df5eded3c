using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Rules;

namespace NearCache.Why;

/// <summary>Collects what this process, the server of a key and the reports of other processes know of the key. Changes nothing.</summary>
internal sealed class KeyDiagnoser(
    KeyPlacement placement,
    RuleTable rules,
    NearStore near,
    CoherenceContext context,
    ValueTranscoder format,
    IWriterNames writers)
{
    private const MetaFields Fields = MetaFields.Size | MetaFields.TimeToLive | MetaFields.LastAccess | MetaFields.WasHit | MetaFields.Cas
        | MetaFields.ClientFlags;

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

        var (item, total, problem) = await ReadItemAsync(place, cancellationToken).ConfigureAwait(false);
        var writes = KeyWrites.None;
        if (problem is not null)
        {
            unknown.Add("the item and its writers: the server did not answer");
        }
        else if (WhyNoWriters(isCounted) is { } why)
        {
            unknown.Add($"its writers: {why}");
        }
        else if (total is { } newest)
        {
            writes = await WriteHistory.ReadAsync(
                place.Server.Server, context.Names, newest, place.Hash.Segment, place.Name, cancellationToken).ConfigureAwait(false);
            if (writes.Gaps > 0)
            {
                unknown.Add($"{writes.Gaps} counted writes of the last minute left no record on the server, and may concern the key");
            }
        }

        if (Untold() is { } untold)
        {
            unknown.Add(untold);
        }

        var described = item is { } read ? Describe(read) : null;
        var shownWrites = await NameAsync(writes.Found, place.Server, cancellationToken).ConfigureAwait(false);
        var server = Describe(place.Server, problem, finding.Rule, now);
        return new KeyDiagnosis
        {
            Key = key,
            Name = place.Text == key ? null : place.Text,
            PhysicalKey = StrictUtf8.Encoding.GetString(place.Physical),
            Server = server,
            Segment = place.Hash.Segment,
            Rule = finding.Rule is { } rule ? Describe(rule, finding.Stop, place.Server, now) : null,
            RuleReason = finding.Reason,
            Item = described,
            Near = entry is null ? null : Describe(entry, now),
            Misses = new MissFinding(context, rules, finding, place.Server, server, described, entry, shownWrites, now).Find(),
            Notes = [.. NotesOf(place.Text != key, finding.Rule, described)],
            Writes = shownWrites,
            AreWritesTruncated = writes.IsTruncated,
            Unknown = unknown,
        };
    }

    private static KeyDiagnosis Refused(string key, ArgumentException exception)
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

    private static DiagnosedRule Describe(ActiveRule rule, RuleStop? stop, CoherentServer server, in Timestamps now) => new()
    {
        Name = rule.Name,
        Match = rule.Rule.Match.Text,
        IsOn = rule.IsOn,
        NearLifetime = rule.NearLifetime,
        MaxStaleness = TimeSpan.FromMilliseconds(rule.MaxStalenessMilliseconds),
        Stop = stop,
        FillsAfter = server.Rules.View.FillsAfter(RuleTranslation.Identity(rule), now) is { } wait ? TimeSpan.FromMilliseconds(wait) : null,
        ChurnBreaker = rule.Breaker,
    };

    private DiagnosedServer Describe(CoherentServer server, string? problem, ActiveRule? rule, in Timestamps now) => new()
    {
        Name = server.Server.Name,
        Problem = problem,
        IsServedNear = server.Gate.IsOpen(now, rule?.MaxStalenessMilliseconds ?? context.MaxStaleness),
        ConfirmedBefore = server.Gate.Confirmed is var confirmed && confirmed == Timestamps.Never
            ? null
            : TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - confirmed.Monotonic, 0)),
    };

    private DiagnosedItem Describe(in MetaResponse item) => item.Status != MetaStatus.Ok ? new DiagnosedItem { Exists = false } : new()
    {
        Exists = true,
        IsPlaceholder = ValueTranscoder.IsPlaceHolder(item) && item.Size == 0,
        Content = format.Describe(item.ClientFlags),
        Size = Math.Max(item.Size, item.Value.Length),
        TimeToLive = item.TimeToLive < 0 ? null : TimeSpan.FromSeconds(item.TimeToLive),
        LastAccess = IsMemcached ? TimeSpan.FromSeconds(item.LastAccess) : null,
        WasRead = IsMemcached ? item.WasHit : null,
        Cas = item.Cas,
        ClientFlags = item.ClientFlags,
    };

    private bool IsMemcached => context.HasCounters && context.IsShared;

    private string? WhyNoWriters(bool isCounted) =>
        !context.HasCounters ? "this remote does not count writes"
        : !context.IsShared ? "only this process writes to the embedded remote"
        : !isCounted ? "writes of keys without a rule are not counted"
        : null;

    private string? Untold() =>
        !context.HasCounters ? "the last access and the CAS value of the item: the remote is an IDistributedCache, which does not tell"
        : !context.IsShared ? "the last access of the item: the embedded remote does not record it"
        : null;

    private IEnumerable<string> NotesOf(bool isHashed, ActiveRule? rule, DiagnosedItem? item)
    {
        if (isHashed)
        {
            yield return "The key is too long for memcached, so the name with its hash stands for it everywhere";
        }

        if (item is { Exists: true, Content: ValueTranscoder.NullDescription })
        {
            yield return "The item is a null: reads return it as a value, and no factory runs until it ends";
        }

        if (rule is { Circuit: { State: not ChurnBreakerState.Closed } circuit })
        {
            yield return $"The churn breaker has suspended the announcements of the rule {rule.Name} ({circuit.Who}: {circuit.Why}): other "
                + "processes hear of a write by their audits, in one to three seconds";
        }

        if (!context.Prefix.Agrees)
        {
            yield return "The servers hold another KeyPrefix for the namespace than this process has, so nothing is near here";
        }
    }

    // One round trip. The total is read after the item, so that it covers every write that the item shows.
    private async Task<(MetaResponse? Item, long? Total, string? Problem)> ReadItemAsync(
        PlacedKey place, CancellationToken cancellationToken)
    {
        var item = MetaCommand.Get(place.Physical, Fields) with { IsPeek = true };
        try
        {
            MetaCommand[] group = context.HasCounters ? [item, MetaCommand.Get(context.Names.Total)] : [item];
            var reply = await place.Server.Server.ExecuteAsync(group).WaitAsync(cancellationToken).ConfigureAwait(false);
            return (reply.Responses[0], context.HasCounters ? AuditCommands.Counter(reply.Responses[1]) : null, null);
        }
        catch (MemcachedException e)
        {
            return (null, null, e.Message);
        }
    }

    private async Task<IReadOnlyList<DiagnosedWrite>> NameAsync(
        IReadOnlyList<KeyWrite> writes, CoherentServer server, CancellationToken cancellationToken)
    {
        var ids = writes.Select(write => write.Writer).Where(id => id.IsKnown && id != context.Writer).ToHashSet();
        var names = ids.Count == 0
            ? new Dictionary<WriterId, DiagnosedWriter>()
            : await writers.FindAsync(ids, cancellationToken).ConfigureAwait(false);
        var now = context.Clock.Monotonic();
        return [.. writes.Select(write => Describe(write, server.Heard(write.N), names, now))];
    }

    private DiagnosedWrite Describe(
        in KeyWrite write, HeardWrite? heard, IReadOnlyDictionary<WriterId, DiagnosedWriter> names, long now)
    {
        return new DiagnosedWrite
        {
            Number = write.N,
            Age = write.Age,
            Writer = !write.Writer.IsKnown ? new DiagnosedWriter()
                : write.Writer == context.Writer ? Self()
                : names.GetValueOrDefault(write.Writer) ?? new DiagnosedWriter { ShortId = write.Writer.ToString() },
            HeardBy = heard?.By switch
            {
                null => null,
                Coherence.Ledger.Core.HeardBy.Own => WriteHeardBy.Own,
                Coherence.Ledger.Core.HeardBy.Announcement => WriteHeardBy.Announcement,
                _ => WriteHeardBy.LogRecord,
            },
            HeardBefore = heard is { } at ? TimeSpan.FromMilliseconds(Math.Max(now - at.At, 0)) : null,
            HeardWithin = heard is { NotBefore: > long.MinValue and var from } bounded
                ? TimeSpan.FromMilliseconds(bounded.At - from)
                : null,
        };
    }

    private DiagnosedWriter Self() => new()
    {
        ShortId = context.Writer.ToString(),
        IsThisProcess = true,
        Host = Environment.MachineName,
        ProcessId = Environment.ProcessId,
    };
}

/// <summary>Names the processes that short ids stand for, as far as they are known.</summary>
internal interface IWriterNames
{
    /// <summary>Finds processes by their short ids. Never throws because a server does not answer.</summary>
    /// <param name="ids">The short ids.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken);
}

/// <summary>Names no process.</summary>
internal sealed class NoWriterNames : IWriterNames
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken) =>
        new(new Dictionary<WriterId, DiagnosedWriter>());
}
