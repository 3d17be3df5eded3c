using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using NearCache.Management.Api;
using NearCache.Management.Security;

namespace NearCache.Management.StandAlone;

/// <summary>Signs users in by OpenID Connect (authorization code with PKCE), and keeps them signed in by a cookie.</summary>
internal static class OpenIdConnectSignIn
{
    // Says that the user has signed out, so that the provider asks for the user instead of taking the one that it knows.
    private const string SignedOut = "nearcache-console-signed-out";

    private static readonly TimeSpan LongestSession = TimeSpan.FromHours(8);

    /// <summary>Adds the two schemes.</summary>
    public static void Add(IServiceCollection services, SignInSettings settings) => services
        .AddAuthentication(options =>
        {
            options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
        })
        .AddCookie(Configure)
        .AddOpenIdConnect(options => Configure(options, settings));

    /// <summary>Makes the identity provider ask for a user at the next sign-in of a browser.</summary>
    public static void AskNextTime(HttpContext http) => http.Response.Cookies.Append(SignedOut, "1", SignedOutCookie(http));

    private static CookieOptions SignedOutCookie(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = http.Request.IsHttps,
        Path = "/",
    };

    private static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "nearcache-console";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = LongestSession;
        options.SlidingExpiration = false;
    }

    private static void Configure(OpenIdConnectOptions options, SignInSettings settings)
    {
        options.Authority = settings.Authority;
        options.ClientId = settings.ClientId;
        options.ClientSecret = settings.ClientSecret;
        options.RequireHttpsMetadata = settings.Authority.StartsWith("https:", StringComparison.Ordinal);
        options.ResponseType = "code";
        options.ResponseMode = "query";
        options.UsePkce = true;
        options.SaveTokens = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.MapInboundClaims = false;
        options.TokenValidationParameters.NameClaimType = "preferred_username";
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.NonceCookie.SameSite = SameSiteMode.Lax;
        options.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ClaimActions.MapJsonKey(settings.GroupsClaim, settings.GroupsClaim);
        options.Events.OnTokenValidated = validated =>
        {
            // The handler takes a token without a signature, since it comes from the provider itself.
            if (validated.SecurityToken.SignatureAlgorithm is null or "" or "none")
            {
                validated.Fail("The token is not signed.");
            }

            return Task.CompletedTask;
        };
        options.Events.OnRedirectToIdentityProvider = redirect =>
        {
            if (redirect.Request.Cookies.ContainsKey(SignedOut))
            {
                redirect.ProtocolMessage.Prompt = OpenIdConnectPrompt.Login;
            }

            return Task.CompletedTask;
        };
        options.Events.OnTicketReceived = ticket =>
        {
            ticket.Response.Cookies.Delete(SignedOut, SignedOutCookie(ticket.HttpContext));
            ticket.Principal = Known(ticket.Principal!, settings);
            return Task.CompletedTask;
        };
        options.Events.OnRemoteFailure = RefuseAsync;
        foreach (var scope in settings.Scopes)
        {
            options.Scope.Add(scope);
        }
    }

    // The cookie has the name and the groups that the settings name: a user of a thousand groups has no cookie of a thousand groups.
    private static ClaimsPrincipal Known(ClaimsPrincipal user, SignInSettings settings)
    {
        var named = settings.Permissions.Select(rule => rule.Group).ToHashSet(StringComparer.Ordinal);
        var groups = user.FindAll(settings.GroupsClaim).Select(claim => claim.Value).Where(named.Contains).Distinct(StringComparer.Ordinal);
        return new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, ConsoleRequest.NameOf(user)!), .. groups.Select(group => new Claim(settings.GroupsClaim, group))],
            OpenIdConnectDefaults.AuthenticationScheme));
    }

    // What comes back is not what was asked for: the user has declined, the provider has an error, or the answer is forged.
    private static async Task RefuseAsync(RemoteFailureContext failure)
    {
        failure.HandleResponse();
        var http = failure.HttpContext;
        http.RequestServices.GetRequiredService<ConsoleService>().Audit.Write(new AuditEntry
        {
            Action = "signin",
            Outcome = AuditOutcome.Refused,
            Address = http.Connection.RemoteIpAddress?.ToString(),
            Detail = failure.Failure?.Message,
        });
        SecurityHeaders.Apply(http.Response);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync("The sign-in failed. Open the console again; its log has the reason.\n", http.RequestAborted)
            .ConfigureAwait(false);
    }
}
