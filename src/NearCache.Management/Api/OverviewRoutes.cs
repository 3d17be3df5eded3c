using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Core;
using NearCache.Management.Diagnostics;
using NearCache.Management.Security;
using NearCache.Management.Storage;

namespace NearCache.Management.Api;

/// <summary>The routes of the session, the first screen, the history and the changes.</summary>
internal static class OverviewRoutes
{
    // What pages need to know of the version of the server.
    private static readonly string[] Features = ["hotKeys"];

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    // After this the browser connects again, and its permission is decided again.
    private static readonly TimeSpan LongestStream = TimeSpan.FromMinutes(10);

    // A minute is added once in a minute.
    private static readonly TimeSpan DayFresh = TimeSpan.FromSeconds(15);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(
            ConsoleRoute.Api + "session", "What this user may do, and where.", ConsoleJson.Default.SessionModel, SessionAsync) with
        {
            IsForAllUsers = true,
        },
        ConsoleRoute.Get(
            ConsoleRoute.Api + "contexts", "The fleets, the worst first.", ConsoleJson.Default.ContextsModel, ContextsAsync),
        Stream(ConsoleRoute.Api + "live", "Server-sent events: the fleets after each reading.", ContextsLiveAsync),
        ConsoleRoute.Get(ConsoleRoute.Fleet(""), "The first screen.", ConsoleJson.Default.OverviewModel, OverviewAsync),
        Stream(ConsoleRoute.Fleet("live"), "Server-sent events: the first screen after each reading.", LiveAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("history"),
            "Figures over time, of the last minutes or of a stored day.",
            ConsoleJson.Default.HistoryModel,
            HistoryAsync,
            "minutes",
            "date"),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("history/days"), "The days that are stored.", ConsoleJson.Default.HistoryDaysModel, DaysAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("changes"),
            "What has changed, the newest first.",
            ConsoleJson.Default.ChangesModel,
            ChangesAsync,
            "before",
            "limit",
            "date"),
    ];

    private static ConsoleRoute Stream(string pattern, string summary, Func<ConsoleRequest, Task> handle) =>
        new(HttpMethods.Get, pattern, ConsolePermission.View, summary, handle) { MediaType = "text/event-stream" };

    private static async Task<SessionModel> SessionAsync(ConsoleRequest request)
    {
        var (options, policies) = (request.Console.Options, request.Console.Policies);
        var contexts = new List<SessionContextModel>();
        foreach (var fleet in await request.VisibleAsync().ConfigureAwait(false))
        {
            var permissions = new List<string>();
            foreach (var permission in Enum.GetValues<ConsolePermission>())
            {
                if (policies.Exists(permission) && !(permission == ConsolePermission.Operate && fleet.IsReadOnly)
                    && await policies.DecideAsync(request.Http, permission, fleet.Context).ConfigureAwait(false) == Decision.Allowed)
                {
                    permissions.Add(Mapping.NameOf(permission));
                }
            }

            var context = fleet.Context;
            contexts.Add(new SessionContextModel(context.Name, context.Cluster, context.Namespace, permissions));
        }

        return new SessionModel(
            ConsoleRequest.NameOf(request.Http.User) ?? "",
            request.IsVerified,
            policies.IsOpen ? "development" : options.Mode,
            policies.IsOpen ? "Development: open to this machine only, without sign-in, and for viewing only." : options.Banner,
            ConsoleService.Version,
            request.Console.Time.GetUtcNow(),
            contexts,
            RequestOrigin.OperationHeader,
            options.CanSignOut,
            Features);
    }

    private static async Task<ContextsModel> ContextsAsync(ConsoleRequest request)
    {
        var visible = await request.VisibleAsync().ConfigureAwait(false);
        foreach (var fleet in visible)
        {
            fleet.Collector.Look();
        }

        return OverviewStreams.Rows(visible);
    }

    private static async Task<OverviewModel> OverviewAsync(ConsoleRequest request) =>
        OverviewMapping.Overview(await request.StateAsync().ConfigureAwait(false), request.Console.Time.GetUtcNow());

    private static Task LiveAsync(ConsoleRequest request)
    {
        var fleet = request.Fleet;
        return SendAsync(
            request, fleet.Live, fleet.Context.Name, () => ConsoleFleet.Encode(fleet.Collector.State, request.Console.Time.GetUtcNow()),
            [fleet]);
    }

    private static async Task ContextsLiveAsync(ConsoleRequest request)
    {
        var visible = await request.VisibleAsync().ConfigureAwait(false);
        var stream = request.Console.Overviews.Of(visible);
        await SendAsync(request, stream, "all contexts", () => OverviewStreams.Encode(visible), visible).ConfigureAwait(false);
    }

    private static async Task SendAsync(
        ConsoleRequest request, LiveStream stream, string name, Func<byte[]> first, IReadOnlyList<ConsoleFleet> fleets)
    {
        var (http, time) = (request.Http, request.Console.Time);
        var viewer = stream.TryAdd(() =>
        {
            request.Console.Logger.ViewerDropped(name);
            http.Abort();
        }) ?? throw new NearCacheException($"{LiveStream.MostViewers} viewers look already. Close some pages.") { IsTransient = true };
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, request.Console.Ending);
        try
        {
            foreach (var fleet in fleets)
            {
                fleet.Collector.Look();
            }

            var started = time.GetTimestamp();
            await WriteAsync(http, (byte[])[.. "retry: 3000\n\n"u8, .. first()], end.Token).ConfigureAwait(false);
            while (time.GetElapsedTime(started) < LongestStream)
            {
                if (await NextAsync(viewer, time, end.Token).ConfigureAwait(false) is not { } next)
                {
                    return;
                }

                await WriteAsync(http, next, end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (request.Console.Ending.IsCancellationRequested)
        {
            // The page connects again, and finds the console gone or a new one.
        }
        finally
        {
            stream.Remove(viewer);
        }
    }

    // The next events, or a comment that keeps the connection open; null if the viewer was dropped.
    private static async Task<ReadOnlyMemory<byte>?> NextAsync(LiveViewer viewer, TimeProvider time, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(KeepAlive, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            return await viewer.Events.WaitToReadAsync(either.Token).ConfigureAwait(false) && viewer.Events.TryRead(out var next)
                ? next
                : null;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return ": \n\n"u8.ToArray();
        }
    }

    private static async Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken)
    {
        await http.Response.Body.WriteAsync(encoded, cancellationToken).ConfigureAwait(false);
        await http.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<HistoryModel> HistoryAsync(ConsoleRequest request)
    {
        var points = request.Date("date") is { } day
            ? (await DayAsync(request, day).ConfigureAwait(false)).Minutes
            : request.Fleet.Collector.HistoryOf(TimeSpan.FromMinutes(request.Number("minutes", 15, 1, 24 * 60)));
        var isRecent = request.Date("date") is null && request.Number("minutes", 15, 1, 24 * 60) <= History.Recent.TotalMinutes;
        string[] series = [.. points.SelectMany(point => point.Values.Keys).Distinct().Order(StringComparer.Ordinal)];
        return new HistoryModel(
            (int)(isRecent ? ContextCollector.Watched : TimeSpan.FromMinutes(1)).TotalSeconds,
            [.. points.Select(point => point.At.ToUnixTimeSeconds())],
            series.ToDictionary(
                name => name,
                name => points.Select(point => point.Values.TryGetValue(name, out var value) ? value : (double?)null).ToArray()),
            [.. points.Select(point => Mapping.LevelOf(point.Level))]);
    }

    // Viewers share what is read of the folder, as they share what is read of a server.
    private static Task<StoredDay> DayAsync(ConsoleRequest request, DateOnly day) => request.Fleet.Store is { } store
        ? request.Fleet.Days.OfAsync($"{day:O}", DayFresh, () => Task.FromResult(store.Read(day)), request.Aborted)
        : throw ConsoleProblem.NotFound("This console stores no history: the last day is all that it has.");

    private static Task<HistoryDaysModel> DaysAsync(ConsoleRequest request) => Task.FromResult(new HistoryDaysModel(
        [.. (request.Fleet.Store?.Days ?? []).Select(day => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture))],
        request.Fleet.Store is not null));

    private static async Task<ChangesModel> ChangesAsync(ConsoleRequest request)
    {
        var (limit, before) = (request.Number("limit", 50, 1, 500), request.Time("before"));
        ChangesPage found;
        if (request.Date("date") is { } day)
        {
            found = RecentChanges.Page(
                (await DayAsync(request, day).ConfigureAwait(false)).Changes.Reverse(),
                before,
                limit);
        }
        else
        {
            await request.StateAsync().ConfigureAwait(false);
            found = request.Fleet.Collector.ChangesBefore(before, limit);
        }

        return new ChangesModel([.. found.Changes.Select(change => Mapping.Of(change, request.Fleet.Context.Name))], found.HasMore);
    }
}
