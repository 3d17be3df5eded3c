using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Core;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The routes of ZooKeeper.</summary>
internal static class EnsembleRoutes
{
    private const int MostAsked = 50;
    private const int MostRules = 10;
    private const string NoZooKeeper = "No ZooKeeper is configured for this context.";

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("zookeeper"),
            "The ensemble and the nodes of the namespace; null without ZooKeeper.",
            ConsoleJson.Default.EnsembleModel,
            EnsembleAsync!) with
        { MayBeNull = true },
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("zookeeper/tenants"),
            "The namespaces of NearCache, and the applications beside it.",
            ConsoleJson.Default.TenantsModel,
            TenantsAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("zookeeper/announcers"),
            "The processes that announce most, of at most 50 that are asked.",
            ConsoleJson.Default.AnnouncersModel,
            AnnouncersAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("zookeeper/cleaner"), "The last run of the cleaner.", ConsoleJson.Default.CleanerModel,
            request => Task.FromResult(request.Fleet.Cleaner.State)),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("zookeeper/leftovers"),
            ConsolePermission.Operate,
            "Counts leftovers in the background. Removes nothing.",
            ConsoleJson.Default.EmptyRequest,
            ConsoleJson.Default.CleanerModel,
            (request, _) => Task.FromResult(Start(request, removes: false))),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("zookeeper/clean"),
            ConsolePermission.Operate,
            "Removes leftovers in the background.",
            ConsoleJson.Default.CleanRequest,
            ConsoleJson.Default.CleanerModel,
            (request, body) =>
            {
                ConsoleRequest.Confirm(body.Confirm, request.Fleet.Context.Namespace);
                return Task.FromResult(Start(request, removes: true));
            }),
    ];

    private static CleanerModel Start(ConsoleRequest request, bool removes) => request.Fleet.Cleaner.TryStart(removes)
        ? request.Fleet.Cleaner.State
        : throw new ConsoleProblem(409, "refused", "Refused", "The cleaner is at work already; wait until it has ended.");

    private static async Task<EnsembleModel?> EnsembleAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        if (state.Reading is not { } reading)
        {
            throw new NearCacheException($"ZooKeeper is unknown: {OverviewMapping.Reason(state)}") { IsTransient = true };
        }

        return reading.Ensemble is { } ensemble ? Of(ensemble, reading, state) : null;
    }

    private static EnsembleModel Of(FleetEnsemble ensemble, FleetReading reading, ContextState state) => new(
        ensemble.Session,
        ensemble.Chroot,
        OverviewMapping.Figure(state, Series.OwnTransactions, state.Rates!.OwnTransactions.Unknown ?? ""),
        state.Limits.TransactionsPerSecond,
        OverviewMapping.Figure(state, Series.EnsembleTransactions, OverviewMapping.TransactionsUnknown(state)),
        OverviewMapping.Figure(state, Series.Nodes, "no server of the ensemble tells its number of nodes"),
        [
            .. ensemble.Servers.Select(server => new EnsembleServerModel(
                server.Name,
                Part.Of(server.Status, status => new EnsembleStatusModel(
                    status.Version,
                    status.Mode,
                    status.Nodes,
                    status.Connections,
                    status.Outstanding,
                    status.MeanLatency,
                    status.LongestLatency)),
                Part.Of(server.Monitor, figures => figures),
                Part.Of(server.Connections, connections => (double?)connections.Count))),
        ],
        Part.Of(ensemble.Subtree, subtree => new SubtreeModel(
            subtree.Missing,
            subtree.Format,
            subtree.Members,
            subtree.Leftovers,
            subtree.RegistryWrites,
            subtree.RegistryBytes,
            subtree.SlotWrites,
            Part.Of(subtree.Quota, quota => new QuotaModel(quota.Limits, quota.Used)))),
        [
            .. (reading.Usage.Value ?? [])
                .Where(usage => usage.AnnouncementsPerSecond > 0)
                .OrderByDescending(usage => usage.AnnouncementsPerSecond)
                .Take(MostRules)
                .Select(usage => new AnnouncingRuleModel(usage.Rule, usage.AnnouncementsPerSecond)),
        ]);

    private static async Task<TenantsModel> TenantsAsync(ConsoleRequest request)
    {
        var namespaces = await request.SharedAsync("namespaces", Fresh, client => client.GetNamespacesAsync()).ConfigureAwait(false);
        var others = await request.SharedAsync("co-tenants", Fresh, client => client.GetCoTenantsAsync()).ConfigureAwait(false);
        return new TenantsModel(
            Part.Of(namespaces, all => (IReadOnlyList<NamespaceModel>)
            [
                .. all.Select(one => new NamespaceModel(
                    one.Name,
                    one.IsOwn,
                    Part.Number(one.Members),
                    Part.Number(one.JoinsAndLeaves),
                    Part.Of(one.CreatedAt, at => (DateTimeOffset?)at))),
            ]),
            Part.Of(others, all => new CoTenantsModel(
                all.Count,
                [
                    .. all.Names.Select(one => new CoTenantModel(
                        one.Path, one.Product, Part.Number(one.Children), Part.Number(one.ChildrenChanges))),
                ])));
    }

    private static async Task<AnnouncersModel> AnnouncersAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        if (state.Reading is not { Ensemble: not null } reading)
        {
            throw ConsoleProblem.NotFound(state.Reading is null ? OverviewMapping.Reason(state) : NoZooKeeper);
        }

        return await request.SharedAsync("announcers", Fresh, client => AskAsync(client, reading)).ConfigureAwait(false);
    }

    private static async Task<AnnouncersModel> AskAsync(FleetClient client, FleetReading reading)
    {
        ProcessReport[] live = [.. reading.Live];
        var found = new List<AnnouncerModel>();
        foreach (var process in live.Take(MostAsked))
        {
            if ((await client.GetReportAsync(process.Id).ConfigureAwait(false)).Value?.ZooKeeper is { } zooKeeper)
            {
                found.Add(new AnnouncerModel(
                    process.Id,
                    process.Summary!.Pod ?? process.Summary.Host,
                    process.Summary.ProcessId,
                    zooKeeper.Announcements,
                    zooKeeper.AnnouncementsPerSecond,
                    zooKeeper.Waiting,
                    zooKeeper.QuotaRefusals));
            }
        }

        return new AnnouncersModel(
            Math.Min(live.Length, MostAsked), live.Length, [.. found.OrderByDescending(process => process.Announcements)]);
    }
}
