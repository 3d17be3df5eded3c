using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Management.Api.Models;
using NearCache.Management.Diagnostics;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>Answers the requests of one route: decides whether each may be answered, answers it, and writes the audit.</summary>
/// <param name="console">The console.</param>
/// <param name="route">The route.</param>
internal sealed class RouteRunner(ConsoleService console, ConsoleRoute route)
{
    private const int MostBody = 64 * 1024;

    /// <summary>Answers a request.</summary>
    public async Task RunAsync(HttpContext http)
    {
        SecurityHeaders.Apply(http.Response);
        ConsoleRequest? request = null;
        try
        {
            var fleet = FleetOf(http);
            request = new ConsoleRequest(http, console, fleet);
            await DecideAsync(http, fleet).ConfigureAwait(false);
            await route.Handle(request).ConfigureAwait(false);
            if (route.IsAudited)
            {
                Audit(http, request, AuditOutcome.Done, null);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone. What it asked for may have been done.
            if (route.IsAudited)
            {
                Audit(http, request, AuditOutcome.Failed, "the client has gone; it may have been done");
            }
        }
        catch (UnauthenticatedException)
        {
            Audit(http, request, AuditOutcome.Refused, "not signed in");
            await ChallengeAsync(http).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(http, request, e).ConfigureAwait(false);
        }
    }

    private ConsoleFleet? FleetOf(HttpContext http) =>
        route.HasContext && http.Request.RouteValues["context"] is string name ? console.Find(name) : null;

    // The user first, then the page: without a sign-in nothing is told, not even what exists.
    private async Task DecideAsync(HttpContext http, ConsoleFleet? fleet)
    {
        if (console.Policies.IsOpen && !RequestOrigin.IsLocal(http))
        {
            throw ConsoleProblem.Forbidden(
                "view", "Without a policy the console answers only this machine, by a name of this machine, and not through a proxy.");
        }

        // Where a user can sign out, the page must say that there is nothing else to do.
        var isWelcome = route.IsForAllUsers && console.Options.CanSignOut;

        // The same answer for a context that does not exist: its name is not told to a user that may see another one.
        if ((!await MayViewAsync(http, fleet).ConfigureAwait(false) && !isWelcome) || (route.HasContext && fleet is null))
        {
            throw ConsoleProblem.Forbidden(
                "view", route.HasContext ? "There is no such context, or you may not see it." : "You may not see this.");
        }

        CheckOrigin(http.Request);
        if (route.Permission == ConsolePermission.View)
        {
            return;
        }

        var permission = Mapping.NameOf(route.Permission);
        switch (await console.Policies.DecideAsync(http, route.Permission, fleet!.Context).ConfigureAwait(false))
        {
            case Decision.Unauthenticated:
                throw new UnauthenticatedException();
            case Decision.Forbidden:
                throw ConsoleProblem.Forbidden(permission, $"You do not have the permission to {Verb(route.Permission)} in this context.");
        }

        if (fleet.IsReadOnly && route.Permission == ConsolePermission.Operate)
        {
            throw ConsoleProblem.Forbidden(permission, "This context is read-only in the settings of the console.");
        }
    }

    private static string Verb(ConsolePermission permission) => permission == ConsolePermission.Operate ? "operate" : "read values";

    // A user that may see one fleet may see the pages. What is in them is decided for each fleet.
    private async Task<bool> MayViewAsync(HttpContext http, ConsoleFleet? fleet)
    {
        var isUnauthenticated = false;
        foreach (var one in fleet is null ? console.Fleets : [fleet])
        {
            switch (await console.Policies.DecideAsync(http, ConsolePermission.View, one.Context).ConfigureAwait(false))
            {
                case Decision.Allowed:
                    return true;
                case Decision.Unauthenticated:
                    isUnauthenticated = true;
                    break;
            }
        }

        return isUnauthenticated ? throw new UnauthenticatedException() : false;
    }

    private void CheckOrigin(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method))
        {
            // A page may be reached by a link from anywhere; what it shows may be asked for by the page alone.
            if (route.IsApi && RequestOrigin.IsForeign(request))
            {
                throw Foreign();
            }

            return;
        }

        if (!RequestOrigin.IsOwnPage(request))
        {
            throw Foreign();
        }

        if (!request.HasJsonContentType())
        {
            throw new ConsoleProblem(
                StatusCodes.Status415UnsupportedMediaType, "invalid", "Not valid", "The body must be application/json.");
        }

        if (request.Headers[RequestOrigin.OperationHeader] != "1")
        {
            throw new ConsoleProblem(
                StatusCodes.Status403Forbidden,
                "missingHeader",
                "Not permitted",
                $"The header {RequestOrigin.OperationHeader}: 1 is missing.");
        }

        if (request.ContentLength > MostBody)
        {
            throw new ConsoleProblem(
                StatusCodes.Status413PayloadTooLarge, "tooLarge", "Too large", $"The body may have {MostBody} bytes.");
        }

        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MostBody;
        }
    }

    private static ConsoleProblem Foreign() => new(
        StatusCodes.Status403Forbidden,
        "foreignOrigin",
        "Not permitted",
        "The request must come from a page of this console, or state its address in the header Origin.");

    private async Task ChallengeAsync(HttpContext http)
    {
        // A page asks for a sign-in where the application has one. A program is told the status.
        if (!route.IsApi && RequestOrigin.IsNavigation(http.Request)
            && http.RequestServices.GetService<IAuthenticationSchemeProvider>() is { } schemes
            && await schemes.GetDefaultChallengeSchemeAsync().ConfigureAwait(false) is not null)
        {
            if (await TryChallengeAsync(http).ConfigureAwait(false))
            {
                return;
            }

            await WriteAsync(http, new ConsoleProblem(
                StatusCodes.Status503ServiceUnavailable, "unavailable", "Not available",
                "The sign-in of the application fails; its log has the cause.")).ConfigureAwait(false);
            return;
        }

        await WriteAsync(http, new ConsoleProblem(
            StatusCodes.Status401Unauthorized, "unauthenticated", "Not signed in", console.Options.SignInHint)).ConfigureAwait(false);
    }

    // An identity provider that does not answer is no defect of the console.
    private async Task<bool> TryChallengeAsync(HttpContext http)
    {
        try
        {
            await http.ChallengeAsync().ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            console.Logger.SignInFailed(e.Message);
            return false;
        }
    }

    private async Task FailAsync(HttpContext http, ConsoleRequest? request, Exception exception)
    {
        var problem = ConsoleProblem.Of(exception);
        if (problem is null)
        {
            console.Logger.RequestFailed(exception, route.Method, route.Pattern);
            problem = new ConsoleProblem(
                StatusCodes.Status500InternalServerError, "defect", "Defect", "The console failed; its log has the cause.");
        }

        if (problem.Status is StatusCodes.Status403Forbidden)
        {
            Audit(http, request, AuditOutcome.Refused, problem.Message);
        }
        else if (route.IsAudited)
        {
            Audit(http, request, AuditOutcome.Failed, problem.Message);
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        if (problem.Status is StatusCodes.Status403Forbidden && !route.IsApi && console.Options.CanSignOut
            && RequestOrigin.IsNavigation(http.Request))
        {
            await PageRoutes.RefuseAsync(http, route.Pattern).ConfigureAwait(false);
            return;
        }

        await WriteAsync(http, problem).ConfigureAwait(false);
    }

    private static Task WriteAsync(HttpContext http, ConsoleProblem problem)
    {
        http.Response.StatusCode = problem.Status;
        return http.Response.WriteAsJsonAsync(
            problem.Model, ConsoleJson.Default.ProblemModel, "application/problem+json", http.RequestAborted);
    }

    private void Audit(HttpContext http, ConsoleRequest? request, AuditOutcome outcome, string? detail) =>
        console.Audit.Write(new AuditEntry
        {
            Action = route.Action,
            Outcome = outcome,
            Context = http.Request.RouteValues["context"] as string,
            User = ConsoleRequest.NameOf(http.User),
            IsVerified = ConsoleRequest.IsVerifiedUser(http, console),
            Address = http.Connection.RemoteIpAddress?.ToString(),
            Target = request?.Target,
            Reason = request?.Reason,
            Detail = detail,
        });

    /// <summary>The exception that is thrown when the user has not signed in.</summary>
    private sealed class UnauthenticatedException : Exception;
}
