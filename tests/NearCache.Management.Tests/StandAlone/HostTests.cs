using System.Net;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.StandAlone;

public sealed class HostTests
{
    [Fact]
    public async Task The_address_that_is_printed_works_once_and_gives_a_session_that_may_view()
    {
        await using var fleet = new FleetOfTests();
        await using var host = await RunningHost.StartAsync(fleet, "--no-data");
        using var client = host.Client();

        using var before = await client.GetAsync(new Uri("/api/session", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, before.StatusCode);
        Assert.Equal("alive", await client.GetStringAsync(new Uri("/health/live", UriKind.Relative)));

        using var entered = await client.GetAsync(host.Entry);
        Assert.Equal(HttpStatusCode.SeeOther, entered.StatusCode);
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        using var again = await client.GetAsync(host.Entry);
        Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);

        client.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        var session = await client.GetStringAsync(new Uri("/api/session", UriKind.Relative));
        Assert.Contains("\"permissions\":[\"view\"]", session, StringComparison.Ordinal);
        Assert.Contains("\"mode\":\"oneTime\"", session, StringComparison.Ordinal);
        Assert.Contains("\"isVerified\":false", session, StringComparison.Ordinal);

        // The session is that of this machine by its own name.
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        rebound.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(rebound)).StatusCode);

        using var signOut = host.Post("api/signout", "{}");
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(signOut)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/api/session", UriKind.Relative))).StatusCode);
        Assert.Equal(0, await host.EndAsync());
    }

    [Fact]
    public async Task With_operate_the_session_may_operate()
    {
        await using var fleet = new FleetOfTests();
        await using var host = await RunningHost.StartAsync(fleet, "--no-data", "--operate");
        using var client = host.Client();
        using var entered = await client.GetAsync(host.Entry);
        client.DefaultRequestHeaders.Add("Cookie", Assert.Single(entered.Headers.GetValues("Set-Cookie")).Split(';')[0]);

        Assert.Contains(
            "\"permissions\":[\"view\",\"operate\"]",
            await client.GetStringAsync(new Uri("/api/session", UriKind.Relative)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_is_named_names_the_user_whose_groups_decide_for_each_context()
    {
        await using var fleet = new FleetOfTests();
        await using var host = await RunningHost.StartAsync(
            fleet,
            "--no-data",
            "--SignIn:Proxy:Addresses:0=127.0.0.1",
            "--Permissions:0:Group=cache-team",
            "--Permissions:0:Contexts:0=sh*",
            "--Permissions:0:Allow:0=Operate",
            "--Permissions:1:Group=readers",
            "--Permissions:1:Contexts:0=other",
            "--Permissions:1:Allow:0=View");
        using var client = host.Client();
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/api/session", UriKind.Relative))).StatusCode);

        async Task<(HttpStatusCode, string)> AsAsync(string user, string groups, string? second = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/session");
            request.Headers.Add("X-Forwarded-User", user);
            request.Headers.Add("X-Forwarded-Groups", groups);
            if (second is not null)
            {
                request.Headers.TryAddWithoutValidation("X-Forwarded-User", second);
            }

            using var reply = await client.SendAsync(request);
            return (reply.StatusCode, await reply.Content.ReadAsStringAsync());
        }

        var (status, session) = await AsAsync("alice", "cache-team, others");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"user\":\"alice\",\"isVerified\":true,\"mode\":\"proxy\"", session, StringComparison.Ordinal);
        Assert.Contains("\"permissions\":[\"view\",\"operate\"]", session, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await AsAsync("bob", "readers")).Item1);
        Assert.Equal(HttpStatusCode.Forbidden, (await AsAsync("mallory", "cache-team-not")).Item1);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AsAsync("mallory", "cache-team", "alice")).Item1);
    }

    [Fact]
    public async Task Headers_of_a_client_that_is_no_named_proxy_are_nothing()
    {
        await using var fleet = new FleetOfTests();
        await using var host = await RunningHost.StartAsync(
            fleet,
            "--no-data",
            "--SignIn:Proxy:Addresses:0=10.0.0.7",
            "--Permissions:0:Group=cache-team",
            "--Permissions:0:Contexts:0=*",
            "--Permissions:0:Allow:0=View");
        using var client = host.Client();
        client.DefaultRequestHeaders.Add("X-Forwarded-User", "alice");
        client.DefaultRequestHeaders.Add("X-Forwarded-Groups", "cache-team");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "10.0.0.7");

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/api/session", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("other machines reach it", "--urls", "http://0.0.0.0:0")]
    [InlineData("other machines reach it", "--urls", "http://*:5090")]
    [InlineData("other machines reach it", "--urls", "http://[::]:5090")]
    [InlineData("other machines reach it", "--urls", "http://10.0.0.7:5090")]
    [InlineData("needs a certificate", "--urls", "https://127.0.0.1:5090")]
    [InlineData("is not an address", "--urls", "5090")]
    [InlineData("localhost needs a port", "--urls", "http://localhost:0")]
    [InlineData("name an IP address", "--urls", "http://console.example:5090")]
    [InlineData("needs a value", "--urls")]
    [InlineData("is not an argument", "--opreate")]
    [InlineData("there is no file", "--config", "nowhere.json")]
    [InlineData("any client could name itself", "--SignIn:Proxy:UserHeader=X-User")]
    [InlineData("Permissions is empty", "--SignIn:Proxy:Addresses:0=10.0.0.7")]
    [InlineData("must be View, Operate or Values", "--SignIn:Proxy:Addresses:0=10.0.0.7", "--Permissions:0:Group=a",
        "--Permissions:0:Contexts:0=*", "--Permissions:0:Allow:0=Everything")]
    [InlineData("so a header cannot name that group", "--SignIn:Proxy:Addresses:0=127.0.0.1",
        "--Permissions:0:Group=CN=ops,OU=groups,DC=example", "--Permissions:0:Contexts:0=*", "--Permissions:0:Allow:0=View")]
    [InlineData("with spaces around it", "--SignIn:Proxy:Addresses:0=127.0.0.1", "--SignIn:Proxy:GroupsSeparator=;",
        "--Permissions:0:Group= ops", "--Permissions:0:Contexts:0=*", "--Permissions:0:Allow:0=View")]
    [InlineData("must be one character that separates groups", "--SignIn:Proxy:Addresses:0=127.0.0.1",
        "--SignIn:Proxy:GroupsSeparator=comma", "--Permissions:0:Group=a", "--Permissions:0:Contexts:0=*", "--Permissions:0:Allow:0=View")]
    [InlineData("must be one character that separates groups", "--SignIn:Proxy:Addresses:0=127.0.0.1",
        "--SignIn:Proxy:GroupsSeparator=e", "--Permissions:0:Group=a", "--Permissions:0:Contexts:0=*", "--Permissions:0:Allow:0=View")]
    [InlineData("clear text", "--urls", "http://10.0.0.7:5090", "--SignIn:OpenIdConnect:Authority=https://login.example",
        "--SignIn:OpenIdConnect:ClientId=console", "--Permissions:0:Group=a", "--Permissions:0:Contexts:0=*",
        "--Permissions:0:Allow:0=View")]
    [InlineData("must be the https address", "--SignIn:OpenIdConnect:Authority=http://login.example")]
    [InlineData("is not a setting", "--Contexts:shop:Clutser=prod")]
    [InlineData("cannot be the name of a context", "--Contexts:..:NearCache:Memcached:Servers:0=127.0.0.1:1")]
    public async Task A_mistake_is_named_and_nothing_is_listened_on(string expected, params string[] args)
    {
        await using var fleet = new FleetOfTests();
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await NearCacheConsoleHost.RunAsync(
            [.. args, "--no-data"], output, error, RunningHost.ConfigurationOf(fleet), TestContext.Current.CancellationToken);

        Assert.Equal(2, code);
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_read_is_named()
    {
        await using var fleet = new FleetOfTests();
        using var error = new StringWriter();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "no certificate");
            Assert.Equal(2, await NearCacheConsoleHost.RunAsync(
                ["--no-data", "--urls", "https://127.0.0.1:0", $"--Certificate:Path={file}", "--Certificate:Password=hidden"],
                TextWriter.Null,
                error,
                RunningHost.ConfigurationOf(fleet)));
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains($"Certificate: {file} cannot be used", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_anything_to_show_it_says_so()
    {
        using var error = new StringWriter();
        Assert.Equal(2, await NearCacheConsoleHost.RunAsync(["--no-data"], TextWriter.Null, error));
        Assert.Contains("Name a file with --config", error.ToString(), StringComparison.Ordinal);
    }
}
