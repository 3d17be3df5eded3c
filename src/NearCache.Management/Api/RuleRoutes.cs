using System.Globalization;
using NearCache.Management.Api.Models;
using NearCache.Management.Core;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The routes of the rules.</summary>
internal static class RuleRoutes
{
    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(ConsoleRoute.Fleet("rules"), "The rules with their use.", ConsoleJson.Default.RulesModel, RulesAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("rules/room"),
            "The near entries of each rule and their bytes, in all processes together.",
            ConsoleJson.Default.PartRulesRoomModel,
            RoomAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("rules/history"),
            "The edits with what each changed, the newest first.",
            ConsoleJson.Default.RuleHistoryModel,
            HistoryAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("rules/preview"),
            ConsolePermission.Operate,
            "What an edit would change. Changes nothing.",
            ConsoleJson.Default.PreviewRequest,
            ConsoleJson.Default.RulePreviewModel,
            PreviewAsync) with
        { IsAudited = false },
        Edit("rules/add", "Adds a rule as a dry run.", ConsoleJson.Default.RuleEditRequest, AddAsync),
        Edit("rules/change", "Changes the settings of a rule.", ConsoleJson.Default.RuleEditRequest, ChangeAsync),
        Edit("rules/promote", "Puts a dry run in force, unless its keys are written too often.", ConsoleJson.Default.PromoteRequest,
            PromoteAsync),
        Edit("rules/enable", "Puts a rule in force.", ConsoleJson.Default.RuleNameRequest,
            (request, client, body) => client.Rules.EnableAsync(body.Name, request.Edit(body.IfRevision), request.Aborted)),
        Edit("rules/disable", "Takes a rule out of force.", ConsoleJson.Default.RuleNameRequest,
            (request, client, body) => client.Rules.DisableAsync(body.Name, request.Edit(body.IfRevision), request.Aborted)),
        Edit("rules/remove", "Removes a rule.", ConsoleJson.Default.RuleNameRequest,
            (request, client, body) => client.Rules.RemoveAsync(body.Name, request.Edit(body.IfRevision), request.Aborted)),
        Edit("rules/undo", "Undoes an edit of the history.", ConsoleJson.Default.UndoRequest,
            (request, client, body) => client.Rules.UndoAsync(body.Revision, request.Edit(body.IfRevision), request.Aborted)),
    ];

    private static ConsoleRoute Edit<TBody>(
        string pattern,
        string summary,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<TBody> body,
        Func<ConsoleRequest, FleetClient, TBody, Task<RegistrySnapshot>> edit) =>
        ConsoleRoute.Post(
            ConsoleRoute.Fleet(pattern),
            ConsolePermission.Operate,
            summary,
            body,
            ConsoleJson.Default.RevisionModel,
            async (request, parsed) =>
            {
                request.Target = TargetOf(parsed);
                var client = await request.ClientAsync().ConfigureAwait(false);
                var rules = await edit(request, client, parsed).ConfigureAwait(false);
                return new RevisionModel(rules.Revision);
            });

    private static string? TargetOf<TBody>(TBody body) => body switch
    {
        RuleEditRequest edit => $"{edit.Rule.Name} ({edit.Rule.Match})",
        RuleNameRequest named => named.Name,
        PromoteRequest promoted => promoted.Name,
        UndoRequest undone => string.Create(CultureInfo.InvariantCulture, $"revision {undone.Revision}"),
        _ => null,
    };

    private static Task<RegistrySnapshot> AddAsync(ConsoleRequest request, FleetClient client, RuleEditRequest body)
    {
        var rule = RuleSettings.Of(body.Rule);
        (rule.DryRun, rule.Enabled) = (true, true);
        return client.Rules.AddAsync(rule, request.Edit(body.IfRevision), request.Aborted);
    }

    private static Task<RegistrySnapshot> ChangeAsync(ConsoleRequest request, FleetClient client, RuleEditRequest body) =>
        client.Rules.ChangeAsync(
            body.Rule.Name,
            rule => RuleSettings.Change(rule, body.Rule),
            request.Edit(body.IfRevision),
            request.Aborted);

    private static async Task<RegistrySnapshot> PromoteAsync(ConsoleRequest request, FleetClient client, PromoteRequest body)
    {
        var rules = await client.GetRulesAsync(request.Aborted).ConfigureAwait(false);
        var rule = rules.Current.Value?.Rules.FirstOrDefault(one => one.Settings.Name == body.Name)?.Settings;
        var limit = body.MaxFleetWritesPerSecond
            ?? (rule is null ? 0 : FleetLimits.Of(client.Settings).FleetLimitOf(rule));
        return await client.Rules.EndDryRunAsync(body.Name, limit, request.Edit(body.IfRevision), request.Aborted)
            .ConfigureAwait(false);
    }

    private static async Task<RulesModel> RulesAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        var rules = state.Reading?.Rules;
        var reason = rules?.Current.Unknown ?? OverviewMapping.Reason(state);
        return new RulesModel(
            Part.Number(state.Reading?.Registry?.Revision, reason),
            rules is { Registry.IsKnown: false } && state.Reading!.Ensemble is null
                ? "Without ZooKeeper the rules are those of the configuration of the processes: edit it."
                : null,
            state.Reading is { Registry: { } registry } reading
                ? Part.Of<IReadOnlyList<RuleModel>>([.. registry.Rules.Select(rule => Of(rule, reading, state.Limits))])
                : new Part<IReadOnlyList<RuleModel>>(null, reason),
            OverviewMapping.Stops(state),
            [
                .. (rules?.Servers ?? []).Select(server => new ServerRulesModel(
                    server.Server,
                    Part.Of(server.Carried, carried =>
                        new CarriedModel(carried.Revision, carried.SettledRevision, carried.Stops.Count)))),
            ]);
    }

    private static RuleModel Of(RegisteredRule rule, FleetReading reading, FleetLimits limits)
    {
        var (settings, usage) = (rule.Settings, reading.UsageOf(rule.Settings.Name));
        var stop = reading.Registry!.Stops.FirstOrDefault(stop => stop.Rule is null || stop.Rule == settings.Name);
        var suspension = reading.Suspended.FirstOrDefault(suspension => suspension.Rule == settings.Name);
        return new RuleModel(
            Mapping.Of(settings),
            rule.Since,
            !settings.Enabled ? "disabled"
                : settings.DryRun ? "dryRun"
                : stop is not null ? "stopped"
                : suspension is null ? "on"
                : suspension.State == ChurnBreakerState.HalfOpen ? "trial" : "suspended",
            usage is null
                ? new Part<UsageModel>(null, reading.Usage.Unknown ?? "the rule is newer than the last count")
                : Part.Of(new UsageModel(
                    usage.NearHitsPerSecond,
                    usage.RemoteReadsPerSecond,
                    usage.WritesPerSecond,
                    usage.AnnouncementsPerSecond,
                    usage.WritesPerSecond > 0 ? usage.NearHitsPerSecond / usage.WritesPerSecond : null)),
            stop is null ? null : Mapping.Of(stop),
            suspension is null ? null : Mapping.Of(suspension, reading),
            Mapping.Of(reading.Registry.History.LastOrDefault(edit => edit.Changes?.Any(change => change.Name == settings.Name) == true)
                ?? reading.OriginOf(settings.Name)),
            new RuleLimitsModel(settings.MaxWritesPerSecond ?? limits.WritesPerSecond, limits.FleetLimitOf(settings)));
    }

    // From the long reports of processes, apart from the rules: these are shown also while a report hangs.
    private static async Task<Part<RulesRoomModel>> RoomAsync(ConsoleRequest request) => Part.Of(
        await HotRoutes.ReadAsync(request).ConfigureAwait(false),
        hot => new RulesRoomModel(
            [.. hot.Rules.Select(rule => new RuleRoomModel(rule.Rule, rule.NearEntries, rule.NearBytes, rule.Processes))]));

    private static async Task<RuleHistoryModel> HistoryAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        if (state.Reading?.Registry is not { } registry)
        {
            throw new NearCacheException(
                $"The history is unknown: {state.Reading?.Rules.Current.Unknown ?? OverviewMapping.Reason(state)}");
        }

        return new RuleHistoryModel(
        [
            .. registry.History.Reverse().Select(edit => new EditModel(
                edit.Revision,
                edit.Who,
                edit.IsVerified,
                edit.Why,
                edit.When,
                edit.Changes is { } changes ? [.. changes.Select(Mapping.Of)] : null,
                [.. edit.ClearedStops.Select(Mapping.Of)],
                edit.PutStops,
                edit.Changes is { Count: > 0 } || edit.ClearedStops.Count > 0 || edit.PutStops.Count > 0)),
        ]);
    }

    private static async Task<RulePreviewModel> PreviewAsync(ConsoleRequest request, PreviewRequest body)
    {
        if (body.Rule is null == body.Remove is null)
        {
            throw ConsoleProblem.Invalid("State either a rule or the name of one to remove.");
        }

        var client = await request.ClientAsync().ConfigureAwait(false);
        var state = await request.StateAsync().ConfigureAwait(false);
        var effects = new RuleEffects(state, await HotRoutes.ReadAsync(request).ConfigureAwait(false));
        var known = (await client.GetRulesAsync(request.Aborted).ConfigureAwait(false)).Current;
        RuleOptions[] present = [.. known.Value?.Rules.Select(rule => rule.Settings) ?? []];
        var name = body.Remove ?? body.Rule!.Name;
        var before = present.FirstOrDefault(rule => rule.Name == name);
        try
        {
            RuleOptions? after = null;
            if (body.Rule is { } settings)
            {
                after = RuleSettings.Of(settings);
                (after.DryRun, after.Enabled) = before is null ? (true, true) : (before.DryRun, before.Enabled);
            }
            else if (before is null)
            {
                throw ConsoleProblem.NotFound($"There is no rule \"{name}\".");
            }

            RuleOptions[] edited = after is null
                ? [.. present.Where(rule => rule.Name != name)]
                : before is null ? [.. present, after] : [.. present.Select(rule => rule.Name == name ? after : rule)];
            var preview = await client.Rules.PreviewAsync(edited, prune: true, request.Aborted).ConfigureAwait(false);
            return new RulePreviewModel(
                preview.Revision, [.. preview.Changes.Select(Mapping.Of)], [.. effects.Of(before, after)], null);
        }
        catch (RuleRefusedException e)
        {
            return new RulePreviewModel(known.Value?.Revision, [], [], e.Message);
        }
    }
}
