using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NearCache.Management.StandAlone;

namespace NearCache.Management.Tests.StandAlone;

public sealed class ProxyHandlerTests
{
    [Theory]
    [InlineData("10.0.0.7", "10.0.0.7", true)]
    [InlineData("10.0.0.7", "::ffff:10.0.0.7", true)]
    [InlineData("::ffff:10.0.0.7", "10.0.0.7", true)]
    [InlineData("2001:db8::7", "2001:db8::7", true)]
    [InlineData("10.0.0.7", "2001:db8::a00:7", false)]
    [InlineData("127.0.0.1", "2001:db8::7f00:1", false)]
    [InlineData("10.0.0.7", "::10.0.0.7", false)]
    [InlineData("10.0.0.7", "10.0.0.8", false)]
    [InlineData("10.0.0.7", null, false)]
    public async Task Only_the_whole_address_of_a_proxy_makes_its_headers_believed(string proxy, string? remote, bool isBelieved)
    {
        var settings = new SignInSettings { Mode = SignInMode.Proxy, Proxies = [IPAddress.Parse(proxy)], Permissions = [] };

        var result = await AskAsync(settings, remote, groups: null);

        Assert.Equal(isBelieved, result.Succeeded);
    }

    // What oauth2-proxy, Authelia and mod_auth_openidc send; authentik; a proxy of LDAP groups; Caddy.
    [Theory]
    [InlineData(',', "ops,dev", "ops", "dev")]
    [InlineData(',', "ops, dev ,", "ops", "dev")]
    [InlineData('|', "ops|team, blue", "ops", "team, blue")]
    [InlineData(';', "CN=ops,DC=example;CN=dev,DC=example", "CN=ops,DC=example", "CN=dev,DC=example")]
    [InlineData(' ', "ops  dev", "ops", "dev")]
    [InlineData(',', "")]
    public async Task Groups_are_read_as_the_proxy_separates_them(char separator, string header, params string[] groups)
    {
        var settings = new SignInSettings
        {
            Mode = SignInMode.Proxy,
            Proxies = [IPAddress.Loopback],
            Permissions = [],
            GroupsSeparator = separator,
        };

        var result = await AskAsync(settings, "127.0.0.1", header);

        Assert.Equal(groups, result.Principal!.FindAll(settings.GroupsClaim).Select(claim => claim.Value));
    }

    private static async Task<AuthenticateResult> AskAsync(SignInSettings settings, string? remote, string? groups)
    {
        await using var services = new ServiceCollection().AddLogging().AddOptions().BuildServiceProvider();
        var handler = new ProxyHandler(
            services.GetRequiredService<IOptionsMonitor<AuthenticationSchemeOptions>>(),
            NullLoggerFactory.Instance,
            UrlEncoder.Default,
            settings);
        var http = new DefaultHttpContext { RequestServices = services };
        http.Connection.RemoteIpAddress = remote is null ? null : IPAddress.Parse(remote);
        http.Request.Headers[settings.UserHeader] = "alice";
        if (groups is not null)
        {
            http.Request.Headers[settings.GroupsHeader] = groups;
        }

        await handler.InitializeAsync(new AuthenticationScheme(ProxyHandler.Name, null, typeof(ProxyHandler)), http);
        return await handler.AuthenticateAsync();
    }
}
