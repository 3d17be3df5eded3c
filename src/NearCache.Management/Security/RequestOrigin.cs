using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;

namespace NearCache.Management.Security;

/// <summary>Tells where a request comes from: this machine or another, and a page of the console or another page.</summary>
internal static class RequestOrigin
{
    /// <summary>The header that a request to change something must have. A page of another origin cannot send it unasked.</summary>
    public const string OperationHeader = "X-NearCache-Operation";

    private const string SameOrigin = "same-origin";

    // A proxy that adds any of them serves other machines.
    private static readonly string[] Forwarding =
    [
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded", "X-Original-For",
        "X-Original-Host", "X-Original-Proto", "X-ProxyUser-Ip", "X-Envoy-External-Address", "X-Cluster-Client-IP", "Fastly-Client-IP",
        "X-Azure-ClientIP", "CDN-Loop",
    ];

    /// <summary>Returns whether a request comes from a program on this machine, directly, by a name of this machine.</summary>
    /// <remarks>The name matters: a page of another site whose name leads to this machine is a program on it, too.</remarks>
    public static bool IsLocal(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } remote
            && IPAddress.IsLoopback(remote)
            && IsLoopback(http.Request.Host)
            && !Forwarding.Any(http.Request.Headers.ContainsKey)
            && !http.Request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns whether a host name always means this machine.</summary>
    public static bool IsLoopback(HostString host) => host.HasValue && IsLoopback(host.Host.Trim('[', ']'));

    /// <inheritdoc cref="IsLoopback(HostString)"/>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>Returns whether a page of another origin sent the request. Programs that are no browsers tell no origin.</summary>
    public static bool IsForeign(HttpRequest request)
    {
        string? site = request.Headers["Sec-Fetch-Site"];
        return (site is not null && site is not SameOrigin && site is not "none")
            || (request.Headers.Origin.Count > 0 && !IsOwn(request));
    }

    /// <summary>Returns whether a request says that a page of the console sent it, as browsers do with every POST.</summary>
    public static bool IsOwnPage(HttpRequest request) =>
        !IsForeign(request) && (request.Headers["Sec-Fetch-Site"] == SameOrigin || request.Headers.Origin.Count > 0);

    /// <summary>Returns whether a browser shows the reply as a page, so that it may ask for a sign-in.</summary>
    public static bool IsNavigation(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
            && (request.Headers["Sec-Fetch-Mode"] == "navigate"
                || (!request.Headers.ContainsKey("Sec-Fetch-Mode")
                    && new RequestHeaders(request.Headers).Accept.Any(type => type.MediaType == "text/html")));

    private static bool IsOwn(HttpRequest request) =>
        request.Headers.Origin is [{ } origin]
            && Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && string.Equals(uri.Scheme, request.Scheme, StringComparison.OrdinalIgnoreCase)
            && string.Equals(uri.Authority, AuthorityOf(request), StringComparison.OrdinalIgnoreCase);

    // Without the default port, as an origin has it.
    private static string AuthorityOf(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host.ToUriComponent()}", UriKind.Absolute, out var uri) ? uri.Authority : "";
}
