using NearCache.Management.Api.Models;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The routes of stops.</summary>
internal static class StopRoutes
{
    // Pages ask every second.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(0.9);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("stop/preview"),
            "What a stop would cost, and what to type to confirm it.",
            ConsoleJson.Default.StopPreviewModel,
            PreviewAsync,
            "rule") with
        { Permission = ConsolePermission.Operate },
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("stop"),
            ConsolePermission.Operate,
            "Stops a rule, or near caching as a whole.",
            ConsoleJson.Default.StopRequest,
            ConsoleJson.Default.StopResultModel,
            StopAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("stops/{id}/obedience"),
            "Which processes have obeyed a stop.",
            ConsoleJson.Default.PartObedienceModel,
            ObedienceAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("resume"),
            ConsolePermission.Operate,
            "Ends stops.",
            ConsoleJson.Default.ResumeRequest,
            ConsoleJson.Default.ResumeResultModel,
            ResumeAsync),
    ];

    private static async Task<StopPreviewModel> PreviewAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        var rule = request.Text("rule");
        var unknown = OverviewMapping.Reason(state);
        if (rule is not null && state.Reading?.Registry is { } registry && registry.Rules.All(one => one.Settings.Name != rule))
        {
            throw ConsoleProblem.NotFound($"There is no rule \"{rule}\".");
        }

        return new StopPreviewModel(
            rule,
            rule ?? request.Fleet.Context.Namespace,
            rule is null
                ? Part.Number(state.Rates?.Fleet is { IsKnown: true, Value: var rates } ? rates.NearReads : null,
                    state.Rates?.Fleet.Unknown ?? unknown)
                : Part.Number(state.Reading?.UsageOf(rule)?.NearHitsPerSecond, state.Reading?.Usage.Unknown ?? unknown),
            Part.Number(state.Reading?.Reports.IsKnown == true ? state.Reading.Live.Count() : null,
                state.Reading?.Reports.Unknown ?? unknown));
    }

    private static async Task<StopResultModel> StopAsync(ConsoleRequest request, StopRequest body)
    {
        request.Target = body.Rule ?? "all rules";
        ConsoleRequest.Confirm(body.Confirm, body.Rule ?? request.Fleet.Context.Namespace);
        var client = await request.ClientAsync().ConfigureAwait(false);

        // A stop is not taken back because the browser has gone.
        var stop = await client.StopAsync(body.Rule, request.Edit(), CancellationToken.None).ConfigureAwait(false);
        request.Fleet.Collector.Look();
        request.Target = $"{request.Target}, stop {stop.Stop.Id}";
        return new StopResultModel(Mapping.Of(stop.Stop), Mapping.Of(stop.Places), Part.Of(stop.Obedience, Mapping.Of));
    }

    private static async Task<Part<ObedienceModel>> ObedienceAsync(ConsoleRequest request)
    {
        var id = (string)request.Http.Request.RouteValues["id"]!;
        return Part.Of(
            await request.SharedAsync($"obedience {id}", Fresh, client => client.GetObedienceAsync(id)).ConfigureAwait(false), Mapping.Of);
    }

    private static async Task<ResumeResultModel> ResumeAsync(ConsoleRequest request, ResumeRequest body)
    {
        request.Target = string.Join(", ", body.Stops);
        var client = await request.ClientAsync().ConfigureAwait(false);
        var resumed = await client.ResumeAsync(body.Stops, request.Edit(), request.Aborted).ConfigureAwait(false);
        request.Fleet.Collector.Look();
        return new ResumeResultModel(resumed.Rules.Revision, Part.Of(resumed.Obedience, Mapping.Of));
    }
}
