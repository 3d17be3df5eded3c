using NearCache.Coherence.Core;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.Rules;
using NearCache.Why;

namespace NearCache.Observing;

/// <summary>Collects what servers and reports tell of a key, without a near tier. Changes nothing.</summary>
/// <param name="options">The settings of the caches.</param>
/// <param name="names">The keys of the namespace.</param>
/// <param name="placement">Finds the names of keys.</param>
/// <param name="servers">The servers.</param>
/// <param name="rules">The rules.</param>
/// <param name="reports">Reads the reports of processes.</param>
/// <param name="observation">Reads parts of answers.</param>
/// <param name="clock">The monotonic clock.</param>
internal sealed class FleetDiagnoser(
    NearCacheOptions options,
    CounterNames names,
    FleetPlacement placement,
    ServerObserver servers,
    RulesObserver rules,
    ProcessReportReader reports,
    Observation observation,
    NearClock clock)
{
    // The processes that a note names.
    private const int NamedProcesses = 3;

    private readonly IValueFormat _format = ValueTranscoder.Of(options);

    /// <summary>Diagnoses a key. Never throws because a server does not answer.</summary>
    public async Task<KeyDiagnosis> DiagnoseAsync(string key, CancellationToken cancellationToken)
    {
        var reading = rules.ReadAsync(cancellationToken);
        var processes = observation.OfAsync("memcached", token => reports.ReadAsync(members: null, token), cancellationToken);
        var suspensions = observation.OfAsync("the churn breaker", CircuitsAsync, cancellationToken);
        var naming = await placement.ReadAsync(cancellationToken).ConfigureAwait(false);
        var (everywhere, circuits) = (await reading.ConfigureAwait(false), await suspensions.ConfigureAwait(false));
        var reported = await processes.ConfigureAwait(false);
        string name;
        byte[] physical;
        try
        {
            name = naming.Keys.NameOf(key);
            physical = naming.Keys.OfUser(name);
        }
        catch (ArgumentException e)
        {
            return KeyDiagnoser.Refused(key, e) with { HasNearTier = false };
        }

        var server = servers.OwnerOf(physical);
        var logged = physical.AsMemory(naming.Keys.PrefixLength);
        var hash = KeyHash.Of(logged.Span);
        var table = Table(everywhere.Current.IsKnown, circuits);
        var finding = RuleFinding.Of(name, table);
        if (!everywhere.Current.IsKnown)
        {
            finding = finding with { Reason = $"the rules are not known: {everywhere.Current.Unknown}" };
        }

        List<string> unknown =
        [
            .. naming.Unknown is { } why ? [$"the prefix of the namespace's keys, so the default is assumed: {why}"] : (string[])[],
            .. circuits.IsKnown ? (string[])[] : [$"whether the churn breaker has suspended the rule: {circuits.Unknown}"],
            .. reported.IsKnown ? (string[])[] : [$"what the processes report: {reported.Unknown}"],
        ];
        var item = await ReadItemAsync(server, physical, cancellationToken).ConfigureAwait(false);
        var found = WhyNoWriters(item, finding, everywhere.Current.IsKnown) is { } none
            ? Observed<KeyWrites>.Missing(none)
            : await observation.OfAsync(
                server.Name,
                token => WriteHistory.ReadAsync(server, names, item.Total!.Value, hash.Segment, logged, token),
                cancellationToken).ConfigureAwait(false);
        var writes = found.Value ?? KeyWrites.None;
        unknown.AddRange(found.IsKnown ? writes.Unknown : [item.Problem is null ? $"its writers: {found.Unknown}" : found.Unknown]);
        var described = item.Describe(_format, isMemcached: true);
        var carried = everywhere.Servers.First(one => one.Server == server.Name).Carried;
        var rule = finding.Describe(active => FillsAfter(active, carried));
        var shown = new DiagnosedServer { Name = server.Name, Problem = item.Problem };
        return new KeyDiagnosis
        {
            Key = key,
            HasNearTier = false,
            Name = name == key ? null : name,
            PhysicalKey = StrictUtf8.Encoding.GetString(physical),
            Server = shown,
            Segment = hash.Segment,
            Rule = rule,
            RuleReason = finding.Reason,
            Item = described,
            Misses = new MissFinding(table, finding, rule, shown, described, near: null).Find(),
            Notes =
            [
                .. DiagnosisNotes.Of(name != key, finding.Rule, described),
                .. naming.Agrees ? (string[])[] :
                [
                    "The servers hold another KeyPrefix for the namespace than the settings of this client, so processes mean another item",
                ],
                .. NotesOf(reported.Value?.Processes ?? [], finding.Rule is null ? 0 : table.Applied.Revision),
            ],
            Writes = await DescribeAsync(writes, reported, cancellationToken).ConfigureAwait(false),
            AreWritesTruncated = writes.IsTruncated,
            Unknown = unknown,
        };
    }

    // The rules as a process applies them that knows all that was read.
    private RuleTable Table(bool areRulesKnown, Observed<IReadOnlyList<RuleCircuit>> circuits)
    {
        var table = new RuleTable(RuleDefaults.Of(options));
        if (areRulesKnown && rules.Set is { } set)
        {
            table.Apply(set);
            table.Merge(rules.Stops);
            foreach (var rule in table.Matcher.Rules)
            {
                rule.SetCircuit(circuits.Value?.FirstOrDefault(circuit => circuit.Rule == rule.Name && circuit.Since == rule.Since));
            }
        }

        return table;
    }

    // A server that has carried a revision from that of the rule for a whole lease lets every process fill.
    private TimeSpan? FillsAfter(ActiveRule rule, Observed<FleetCarriedRules> carried) => carried.Value switch
    {
        { SettledRevision: { } settled } when settled >= rule.Since => TimeSpan.Zero,
        { Revision: { } revision } when revision >= rule.Since => options.RuleLease,
        _ => null,
    };

    private async Task<IReadOnlyList<RuleCircuit>> CircuitsAsync(CancellationToken cancellationToken)
    {
        var item = await servers.OwnerOf(names.Churn.Span).ExecuteAsync(MetaCommand.Get(names.Churn, MetaFields.Value), cancellationToken)
            .ConfigureAwait(false);
        return item.Status == MetaStatus.Miss ? []
            : item.Status == MetaStatus.Ok && CircuitsFormat.TryRead(item.Value, out var circuits, out _) ? circuits
            : throw new NearCacheException("its item cannot be read by this version");
    }

    private async Task<ItemReading> ReadItemAsync(ObservedServer server, byte[] key, CancellationToken cancellationToken)
    {
        var item = await observation.OfAsync(
            server.Name, token => ItemReading.ReadAsync(server, key, names, token), cancellationToken).ConfigureAwait(false);
        return item.IsKnown ? item.Value : new ItemReading(null, null, item.Unknown);
    }

    private static string? WhyNoWriters(ItemReading item, RuleFinding finding, bool areRulesKnown) =>
        item.Problem is not null ? "the item and its writers: the server did not answer"
        : areRulesKnown && finding.Rule is null ? "writes of keys without a rule are not counted"
        : item.Total is null ? "the server has no counters of the namespace"
        : null;

    private async Task<IReadOnlyList<DiagnosedWrite>> DescribeAsync(
        KeyWrites writes, Observed<FleetReports> reported, CancellationToken cancellationToken)
    {
        IWriterNames writers = reported.IsKnown ? new ReportedWriters(_ => Task.FromResult(reported.Value)) : new NoWriterNames();
        return await new WriteDescriptions(writers, default, clock).DescribeAsync(writes.Found, static _ => null, cancellationToken)
            .ConfigureAwait(false);
    }

    // What processes report that contradicts the diagnosis of this client.
    private IEnumerable<string> NotesOf(IReadOnlyList<ProcessReport> processes, long revision)
    {
        ProcessSummary[] live =
        [
            .. processes.Where(process => process.Status == ProcessReportStatus.Live)
                .Select(process => process.Summary)
                .OfType<ProcessSummary>(),
        ];
        ProcessSummary[] behind = [.. live.Where(process => process.RulesRevision < revision)];
        if (behind.Length > 0)
        {
            yield return $"{Named(behind)} of {live.Length} processes have not reported revision {revision} of the rules yet";
        }

        var placement = ReportNames.HashOf(servers.Placement);
        ProcessSummary[] elsewhere = [.. live.Where(process => process.PlacementHash is { } hash && hash != placement)];
        if (elsewhere.Length > 0)
        {
            yield return $"{Named(elsewhere)} of {live.Length} processes have other memcached servers, weights or another distribution "
                + "than the settings of this client, so the key may be on another server for them";
        }
    }

    private static string Named(ProcessSummary[] processes)
    {
        var named = processes.Take(NamedProcesses).Select(process => $"{process.Pod ?? process.Host} (pid {process.ProcessId})");
        return $"{processes.Length} ({string.Join(", ", named)}{(processes.Length > NamedProcesses ? ", …" : "")})";
    }
}
