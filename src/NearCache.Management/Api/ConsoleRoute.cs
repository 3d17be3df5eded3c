using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>A route of the console: what it takes, which permission it needs, and what answers it.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Pattern">The address below the console's.</param>
/// <param name="Permission">The permission.</param>
/// <param name="Summary">What it does, for the document of the API.</param>
/// <param name="Handle">Answers a request.</param>
internal sealed record ConsoleRoute(
    string Method, string Pattern, ConsolePermission Permission, string Summary, Func<ConsoleRequest, Task> Handle)
{
    /// <summary>The start of the addresses of the API.</summary>
    public const string Api = "api/";

    /// <summary>The address of the metrics.</summary>
    public const string Metrics = "metrics";

    private const string OfFleet = Api + "contexts/{context}";

    /// <summary>Gets the type of the body; null if there is none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>Gets the type of the answer; null if it is not JSON.</summary>
    public JsonTypeInfo? Answer { get; init; }

    /// <summary>Gets the media type of the answer.</summary>
    public string MediaType { get; init; } = "application/json";

    /// <summary>Gets a value indicating whether the answer may be null.</summary>
    public bool MayBeNull { get; init; }

    /// <summary>
    /// Gets a value indicating whether a user that has signed in and may see no fleet is answered: to learn that, and to sign out.
    /// </summary>
    public bool IsForAllUsers { get; init; }

    /// <summary>Gets the parameters of the query.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];

    /// <summary>Gets a value indicating whether the route is for programs: the API, and the metrics.</summary>
    public bool IsApi => Pattern.StartsWith(Api, StringComparison.Ordinal) || Pattern == Metrics;

    /// <summary>Gets a value indicating whether the address names a fleet.</summary>
    public bool HasContext => Pattern.Contains("{context}", StringComparison.Ordinal);

    /// <summary>Gets a value indicating whether the route changes something, or shows what is audited.</summary>
    public bool IsAudited { get; init; }

    /// <summary>Gets the name of the operation in the audit.</summary>
    public string Action => HasContext ? Pattern[OfFleet.Length..].TrimStart('/') : Pattern;

    /// <summary>Creates a route that shows something.</summary>
    public static ConsoleRoute Get<TAnswer>(
        string pattern, string summary, JsonTypeInfo<TAnswer> answer, Func<ConsoleRequest, Task<TAnswer>> handle, params string[] query) =>
        new(HttpMethods.Get, pattern, ConsolePermission.View, summary, async request => await WriteAsync(
            request, await handle(request).ConfigureAwait(false), answer).ConfigureAwait(false))
        {
            Answer = answer,
            Query = query,
        };

    /// <summary>Creates a route that takes a body. It is audited if its permission is more than viewing.</summary>
    public static ConsoleRoute Post<TBody, TAnswer>(
        string pattern,
        ConsolePermission permission,
        string summary,
        JsonTypeInfo<TBody> body,
        JsonTypeInfo<TAnswer> answer,
        Func<ConsoleRequest, TBody, Task<TAnswer>> handle) =>
        new(HttpMethods.Post, pattern, permission, summary, async request => await WriteAsync(
            request,
            await handle(request, await request.BodyAsync(body).ConfigureAwait(false)).ConfigureAwait(false),
            answer).ConfigureAwait(false))
        {
            Body = body,
            Answer = answer,
            IsAudited = permission != ConsolePermission.View,
        };

    /// <summary>Returns the address of what belongs to a fleet.</summary>
    public static string Fleet(string rest) => rest.Length == 0 ? OfFleet : $"{OfFleet}/{rest}";

    private static Task WriteAsync<T>(ConsoleRequest request, T answer, JsonTypeInfo<T> type) =>
        request.Http.Response.WriteAsJsonAsync(answer, type, cancellationToken: request.Aborted);
}
