using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Management.Security;

namespace NearCache.Management.StandAlone;

/// <summary>The address by which the user that started the console enters it, once. The browser keeps a session in a cookie.</summary>
internal sealed class OneTimeAddress
{
    private const int MostSessions = 100;

    private readonly ConcurrentDictionary<string, bool> _sessions = new(StringComparer.Ordinal);
    private string? _code = NewSecret();

    /// <summary>Gets the path and query of the address; null after it was used.</summary>
    public string? Path => Volatile.Read(ref _code) is { } code ? $"login?code={code}" : null;

    /// <summary>Takes the code, which works once, and returns a new session; null if the code is wrong or was used.</summary>
    public string? Take(string? code)
    {
        var expected = Volatile.Read(ref _code);
        if (expected is null || code is null
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(code), Encoding.UTF8.GetBytes(expected))
            || Interlocked.CompareExchange(ref _code, null, expected) != expected
            || _sessions.Count >= MostSessions)
        {
            return null;
        }

        var session = NewSecret();
        _sessions[session] = true;
        return session;
    }

    /// <summary>Returns whether a session exists.</summary>
    public bool IsSession(string? session) => session is not null && _sessions.ContainsKey(session);

    /// <summary>Ends a session.</summary>
    public void End(string session) => _sessions.TryRemove(session, out _);

    private static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}

/// <summary>Knows the user of the one-time address by the cookie of the session, on this machine alone.</summary>
internal sealed class OneTimeHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, OneTimeAddress address)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder), IAuthenticationSignOutHandler
{
    /// <summary>The name of the scheme.</summary>
    public const string Name = "OneTime";

    /// <summary>Returns the name of the cookie. Cookies of two ports of a machine are not kept apart by browsers.</summary>
    public static string CookieOf(HttpContext http) => $"nearcache-console-{http.Connection.LocalPort}";

    /// <inheritdoc/>
    public Task SignOutAsync(AuthenticationProperties? properties)
    {
        if (Request.Cookies[CookieOf(Context)] is { } session)
        {
            address.End(session);
        }

        Response.Cookies.Delete(CookieOf(Context));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        RequestOrigin.IsLocal(Context) && address.IsSession(Request.Cookies[CookieOf(Context)])
            ? AuthenticateResult.Success(new AuthenticationTicket(
                new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, $"console on {Environment.MachineName}")], Name)), Name))
            : AuthenticateResult.NoResult());

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.ContentType = "text/plain; charset=utf-8";
        return Response.WriteAsync(
            "Not signed in. Open the address that the console printed when it started; it works once. To enter again, start it again.\n",
            Context.RequestAborted);
    }
}
