using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NearCache.Management.StandAlone;

/// <summary>Knows the user by the headers of a proxy that is named in the settings. Headers of any other client are nothing.</summary>
internal sealed class ProxyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, SignInSettings settings)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string Name = "Proxy";

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.RemoteIpAddress is not { } remote || !settings.Proxies.Any(proxy => Plain(proxy).Equals(Plain(remote))))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        // Two values of a header, in two lines or in one: one of them may be the client's own.
        if (Request.Headers[settings.UserHeader] is not [{ Length: > 0 } user] || user.Contains(',')
            || Request.Headers[settings.GroupsHeader].Count > 1)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var groups = ((string?)Request.Headers[settings.GroupsHeader] ?? "")
            .Split(settings.GroupsSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, user), .. groups.Select(group => new Claim(settings.GroupsClaim, group))], Name);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name)));
    }

    // An address of IPv6 that is not mapped keeps all of its bytes: its last four are of the client's choice.
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
