using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>Endpoints for operators: the rules, and putting and clearing a stop. They require the configured key.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/admin").AddEndpointFilter(async (context, next) =>
            Knows(context.HttpContext.Request,
                context.HttpContext.RequestServices.GetRequiredService<IOptions<StorefrontOptions>>().Value.AdminKey)
                ? await next(context)
                : Results.Unauthorized());

        admin.MapGet("/rules", (IRuleRegistry rules) => rules.Current);
        admin.MapPost("/stops", async (StopRequest stop, IRuleRegistry rules, CancellationToken cancellationToken) =>
            await TryAsync(async () =>
                await rules.StopAsync(stop.Rule, new EditReason { Who = stop.Who, Why = stop.Why }, cancellationToken)));
        admin.MapPost("/stops/{id}/end", async (string id, Editor editor, IRuleRegistry rules, CancellationToken cancellationToken) =>
            await TryAsync(async () =>
                await rules.ClearStopsAsync([id], new EditReason { Who = editor.Who, Why = editor.Why }, cancellationToken)));
    }

    // Without a configured key every request is refused.
    private static bool Knows(HttpRequest request, string? key) => !string.IsNullOrEmpty(key)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes($"Bearer {key}")),
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())));

    private static async Task<IResult> TryAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return Results.Ok(await act());
        }
        catch (Exception e) when (e is RuleRefusedException or ArgumentException)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest, title: "Refused.");
        }
    }

    private sealed record StopRequest(string? Rule, string Who, string Why);

    private sealed record Editor(string Who, string Why);
}
