using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>A request that may be answered: its user has the permission of the route.</summary>
/// <param name="http">The request.</param>
/// <param name="console">The console.</param>
/// <param name="fleet">The fleet that the address names; null if it names none.</param>
internal sealed class ConsoleRequest(HttpContext http, ConsoleService console, ConsoleFleet? fleet)
{
    private const int MostReason = 300;

    /// <summary>Gets the request.</summary>
    public HttpContext Http => http;

    /// <summary>Gets the console.</summary>
    public ConsoleService Console => console;

    /// <summary>Gets the fleet that the address names.</summary>
    public ConsoleFleet Fleet => fleet!;

    /// <summary>Gets the token that is cancelled when the client is gone.</summary>
    public CancellationToken Aborted => http.RequestAborted;

    /// <summary>Gets or sets what the operation is about, for the audit.</summary>
    public string? Target { get; set; }

    /// <summary>Gets or sets why the operation is made, for the audit.</summary>
    public string? Reason { get; set; }

    /// <summary>Gets a value indicating whether the user has signed in under the name.</summary>
    public bool IsVerified => IsVerifiedUser(http, console);

    /// <summary>Returns whether a user has signed in, so that the name is the user's.</summary>
    public static bool IsVerifiedUser(HttpContext http, ConsoleService console) =>
        http.User.Identity?.IsAuthenticated == true && !console.Options.IsAnonymous;

    /// <summary>Returns the name of a user; null without a sign-in.</summary>
    public static string? NameOf(ClaimsPrincipal user) => user.Identity?.IsAuthenticated != true ? null
        : PlainText.Of(user.Identity.Name
            ?? (user.FindFirst("preferred_username") ?? user.FindFirst(ClaimTypes.Email) ?? user.FindFirst("email")
                ?? user.FindFirst("sub") ?? user.FindFirst(ClaimTypes.NameIdentifier))?.Value ?? "") is { Length: > 0 } name
            ? name
            : "a user without a name";

    /// <summary>Returns the client of the fleet.</summary>
    public Task<FleetClient> ClientAsync() => Fleet.Collector.ClientAsync(Aborted);

    /// <summary>Reads something on demand. Viewers that ask the same within a time share one reading.</summary>
    public Task<T> SharedAsync<T>(string question, TimeSpan fresh, Func<FleetClient, Task<T>> read) => Fleet.Shared.OfAsync(
        question,
        fresh,
        async () => await read(await Fleet.Collector.ClientAsync(CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false),
        Aborted);

    /// <summary>Returns what is known of the fleet.</summary>
    public Task<ContextState> StateAsync() => Fleet.Collector.LookAsync(Aborted);

    /// <summary>Returns the fleets that the user may see.</summary>
    public async Task<IReadOnlyList<ConsoleFleet>> VisibleAsync()
    {
        var visible = new List<ConsoleFleet>();
        foreach (var one in console.Fleets)
        {
            if (await console.Policies.DecideAsync(http, ConsolePermission.View, one.Context).ConfigureAwait(false) == Decision.Allowed)
            {
                visible.Add(one);
            }
        }

        return visible;
    }

    /// <summary>Returns the author and reason of an edit: the reason of the body, as the audit has it.</summary>
    public EditReason Edit(long? ifRevision = null) => new()
    {
        Who = NameOf(http.User) ?? "a user of the console",
        IsVerified = IsVerified,
        Why = Reason!,
        IfRevision = ifRevision,
    };

    /// <summary>Returns a text of the query; null if it is absent.</summary>
    public string? Text(string name) => http.Request.Query[name] is [{ Length: > 0 } text] ? text : null;

    /// <summary>Returns a whole number of the query.</summary>
    public int Number(string name, int absent, int least, int most) => Text(name) is not { } text ? absent
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
            ? number
            : throw ConsoleProblem.Invalid($"{name} must be a whole number from {least} to {most}.");

    /// <summary>Returns a time of the query; null if it is absent.</summary>
    public DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw ConsoleProblem.Invalid($"{name} must be a time by ISO 8601, such as 2030-01-01T12:00:00Z.");

    /// <summary>Returns a date of the query; null if it is absent.</summary>
    public DateOnly? Date(string name) => Text(name) is not { } text ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date
        : throw ConsoleProblem.Invalid($"{name} must be a date such as 2030-01-31.");

    /// <summary>Reads the body. The runner has limited its size.</summary>
    /// <exception cref="ConsoleProblem">It is not what the route takes, or it states no reason although it must.</exception>
    public async Task<T> BodyAsync<T>(JsonTypeInfo<T> type)
    {
        var body = await ReadAsync(type).ConfigureAwait(false);
        if (body is IReasoned reasoned)
        {
            Reason = PlainText.Of(reasoned.Reason);
            if (Reason.Length is 0 or > MostReason)
            {
                throw ConsoleProblem.Invalid($"reason must have 1 to {MostReason} characters: why is it done?");
            }
        }

        return body;
    }

    /// <summary>Refuses the request unless the user has typed the name of what it affects.</summary>
    public static void Confirm(string typed, string expected)
    {
        if (typed != expected)
        {
            throw new ConsoleProblem(StatusCodes.Status400BadRequest, "confirmation", "Not confirmed", $"Type \"{expected}\" to confirm.");
        }
    }

    private async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, Aborted).ConfigureAwait(false)
                ?? throw ConsoleProblem.Invalid("The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw ConsoleProblem.Invalid($"The body is not what this address takes: {e.Message}");
        }
    }
}
