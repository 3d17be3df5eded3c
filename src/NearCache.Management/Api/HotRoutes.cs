using NearCache.Management.Api.Models;

namespace NearCache.Management.Api;

/// <summary>The routes of hot keys and of proposals. A proposal is only shown: a user adds the rule, as a dry run.</summary>
internal static class HotRoutes
{
    private const int MostShown = 200;

    private static readonly Dictionary<string, Func<HotKey, double>> Orders = new()
    {
        ["nearHits"] = key => key.NearHitsPerSecond,
        ["remoteReads"] = key => key.RemoteReadsPerSecond,
        ["savableReads"] = key => key.SavableReadsPerSecond,
        ["writes"] = key => key.WritesPerSecond,
        ["processes"] = key => key.Processes,
    };

    // They are made from the long reports of many processes, which are stored every ten seconds.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("hot"),
            "The hottest keys, a page of them, and prefixes, as far as they may be shown.",
            ConsoleJson.Default.PartHotKeysModel,
            HotAsync,
            "offset",
            "limit",
            "sort"),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("proposals"), "Rules to add, to promote and to remove.", ConsoleJson.Default.PartProposalsModel,
            ProposalsAsync),
    ];

    /// <summary>Reads the hot keys, or returns those that were read within seconds.</summary>
    public static Task<Observed<FleetHotKeys>> ReadAsync(ConsoleRequest request) =>
        request.SharedAsync("hot keys", Fresh, client => client.GetHotKeysAsync());

    private static async Task<Part<HotKeysModel>> HotAsync(ConsoleRequest request)
    {
        var (offset, limit) = (request.Number("offset", 0, 0, int.MaxValue), request.Number("limit", 50, 1, MostShown));
        var sort = request.Text("sort") ?? "remoteReads";
        if (!Orders.TryGetValue(sort, out var order))
        {
            throw ConsoleProblem.Invalid($"sort must be one of {string.Join(", ", Orders.Keys)}.");
        }

        return Part.Of(await ReadAsync(request).ConfigureAwait(false), hot => Of(
            hot, offset, hot.Keys.OrderByDescending(order).ThenBy(key => key.Key, StringComparer.Ordinal).Skip(offset).Take(limit)));
    }

    private static async Task<Part<ProposalsModel>> ProposalsAsync(ConsoleRequest request) => Part.Of(
        await request.SharedAsync("proposals", Fresh, client => client.GetProposalsAsync()).ConfigureAwait(false),
        advice => new ProposalsModel(
            advice.Revision,
            [.. advice.Proposals.Select(Of)],
            [
                .. advice.NotProposed.Select(keys => new NotProposedModel(
                    keys.Keys, Mapping.NameOf(keys.Nature), keys.Reason, keys.ReadsPerSecond, keys.WritesPerSecond)),
            ],
            advice.Notes));

    private static HotKeysModel Of(FleetHotKeys hot, int offset, IEnumerable<HotKey> shown) => new(
        hot.Keys.Count,
        offset,
        [.. shown.Select(Of)],
        [
            .. hot.Prefixes.Take(MostShown).Select(prefix => new HotPrefixModel(
                prefix.Prefix,
                prefix.RemoteReadsPerSecond,
                prefix.SavableReadsPerSecond,
                prefix.WritesPerSecond,
                prefix.NearEntries,
                prefix.MeanBytes,
                prefix.Processes,
                Mapping.NameOf(prefix.Nature))),
        ],
        [
            .. hot.Rules.Select(rule => new RuleRatesModel(
                rule.Rule,
                rule.IsOn,
                rule.IsDryRun,
                Mapping.NameOf(rule.ChurnBreaker),
                rule.Suspensions,
                rule.NearHitsPerSecond,
                rule.RemoteReadsPerSecond,
                rule.WritesPerSecond,
                rule.AnnouncementsPerSecond,
                rule.SavedBytesPerSecond,
                rule.NearEntries,
                rule.NearBytes,
                rule.Observed.TotalSeconds,
                rule.Processes)),
        ],
        hot.UncoveredReadsPerSecond,
        hot.UncoveredWritesPerSecond,
        hot.Processes,
        hot.OtherProcesses,
        hot.Observed.TotalSeconds,
        hot.Notes);

    private static HotKeyModel Of(HotKey key) => new(
        key.Key,
        key.IsHashed,
        key.Rule,
        key.NearHitsPerSecond,
        key.RemoteReadsPerSecond,
        key.SavableReadsPerSecond,
        key.WritesPerSecond,
        key.ErrorPerSecond,
        key.MeanBytes,
        key.MeanReadDuration?.TotalMilliseconds,
        key.Processes,
        Mapping.NameOf(key.Nature));

    private static ProposalModel Of(RuleProposal proposal) => new(
        Mapping.NameOf(proposal.Kind),
        proposal.Rule,
        proposal.Keys,
        proposal.Settings is { } settings ? Mapping.Of(settings) : null,
        proposal.ReadsPerSecond,
        proposal.SavedReadsPerSecond,
        proposal.SavedBytesPerSecond,
        proposal.WritesPerSecond,
        proposal.AnnouncementsPerSecond,
        proposal.AnnouncementBudget,
        proposal.NearEntries,
        proposal.NearBytes,
        Mapping.NameOf(proposal.Confidence),
        proposal.Reason,
        Mapping.Of(proposal.Edit),
        [.. proposal.Examples.Select(Of)]);
}
