using System.Net;
using System.Text.Json.Nodes;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.StandAlone;

/// <summary>The stand-alone console over an OpenID provider, as a browser goes through it.</summary>
public sealed class OpenIdConnectTests
{
    [Fact]
    public async Task A_user_without_a_permission_is_told_so_and_can_sign_out_and_be_another_user()
    {
        await using var run = await Run.StartAsync();
        run.Provider.User = UserOf("mallory", "others");
        using var browser = Run.Browser();

        using var page = await browser.GetAsync(run.At(""));
        Assert.Equal((HttpStatusCode.Forbidden, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        using var slash = await browser.GetAsync(run.At("rules/"));
        Assert.Equal((HttpStatusCode.Forbidden, run.At("rules")), (slash.StatusCode, slash.RequestMessage!.RequestUri));
        using var script = await browser.GetAsync(run.At("assets/app.js"));
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
        var session = await SessionAsync(run, browser);
        Assert.Equal(("mallory", true), ((string?)session["user"], (bool)session["signOut"]!));
        Assert.Empty(session["contexts"]!.AsArray());

        // That is all that there is.
        foreach (var address in new[] { "api/contexts", "api/live", "api/openapi.json", "metrics", "api/contexts/shop/rules" })
        {
            using var refused = await browser.GetAsync(run.At(address));
            Assert.Equal((address, HttpStatusCode.Forbidden), (address, refused.StatusCode));
            Assert.DoesNotContain("\"shop\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var signOut = Post(run, "api/signout", "{}");
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(signOut)).StatusCode);
        using var signedOut = await browser.GetAsync(run.At("api/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, signedOut.StatusCode);

        // The provider knows the browser: it has to ask which user it is, once.
        Assert.Null(run.Provider.Prompt);
        run.Provider.User = UserOf("alice", "cache-team");
        using var again = await browser.GetAsync(run.At(""));
        Assert.Equal((HttpStatusCode.OK, "login"), (again.StatusCode, run.Provider.Prompt));
        Assert.Equal("alice", (string?)(await SessionAsync(run, browser))["user"]);
        using var other = Post(run, "api/signout", "{}");
        other.Headers.Remove("Origin");
        other.Headers.Add("Origin", "https://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(other)).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_user_signs_in_and_groups_decide_for_each_context(bool hasGroupsInUserInfo)
    {
        await using var run = await Run.StartAsync();
        run.Provider.HasGroupsInUserInfo = hasGroupsInUserInfo;
        run.Provider.User = UserOf("alice", "cache-team", "readers");
        using var browser = Run.Browser();

        using var page = await browser.GetAsync(run.At(""));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(run.At(""), page.RequestMessage!.RequestUri);
        var session = await SessionAsync(run, browser);
        Assert.Equal(("alice", true, "openIdConnect"), ((string?)session["user"], (bool)session["isVerified"]!, (string?)session["mode"]));
        Assert.Equal(
            ["pay: view", "shop: view operate values"],
            session["contexts"]!.AsArray().Select(context => $"{context!["name"]}: {string.Join(' ', context["permissions"]!.AsArray())}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.Forbidden, await StopAsync(run, browser, "pay"));
        Assert.NotEqual(HttpStatusCode.Forbidden, await StopAsync(run, browser, "shop"));

        using var signOut = Post(run, "api/signout", "{}");
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(signOut)).StatusCode);
        using var after = await browser.GetAsync(run.At("api/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task A_user_without_a_group_of_the_settings_is_refused_and_a_program_is_not_sent_to_a_page()
    {
        await using var run = await Run.StartAsync();
        run.Provider.User = UserOf("mallory", "cache-team-not", "Cache-Team", "*", "");
        using var browser = Run.Browser();

        using var program = await browser.GetAsync(run.At("api/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, program.StatusCode);
        Assert.Equal(run.At("api/session"), program.RequestMessage!.RequestUri);
        using var page = await browser.GetAsync(run.At("rules?context=shop"));
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Equal(run.At("rules?context=shop"), page.RequestMessage!.RequestUri);
        Assert.DoesNotContain("shop", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var context = await browser.GetAsync(run.At("api/contexts/shop"));
        Assert.Equal(HttpStatusCode.Forbidden, context.StatusCode);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("none")]
    [InlineData("nonce")]
    [InlineData("issuer")]
    [InlineData("audience")]
    [InlineData("time")]
    public async Task A_forged_token_signs_no_user_in(string forgery)
    {
        await using var run = await Run.StartAsync();
        run.Provider.User = UserOf("alice", "cache-team");
        run.Provider.Forgery = forgery;
        using var browser = Run.Browser();

        using var page = await browser.GetAsync(run.At(""));
        Assert.Equal((HttpStatusCode.Forbidden, "/signin-oidc"), (page.StatusCode, page.RequestMessage!.RequestUri!.AbsolutePath));
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("IDX", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var after = await browser.GetAsync(run.At("api/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Theory]
    [InlineData("signin-oidc")]
    [InlineData("signin-oidc?code=x&state=y")]
    [InlineData("signin-oidc?error=access_denied&error_description=%0d%0aforged")]
    public async Task An_answer_that_was_not_asked_for_is_refused(string address)
    {
        await using var run = await Run.StartAsync();
        using var browser = Run.Browser();

        using var reply = await browser.GetAsync(run.At(address));

        Assert.Equal(HttpStatusCode.Forbidden, reply.StatusCode);
        Assert.DoesNotContain("forged", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_of_thousands_of_groups_has_a_small_cookie()
    {
        await using var run = await Run.StartAsync();
        run.Provider.User = UserOf("alice", ["cache-team", .. Enumerable.Range(0, 3000).Select(number => $"CN=group-{number},DC=example")]);
        using var browser = Run.Browser();

        using var page = await browser.GetAsync(run.At(""));

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.InRange(page.RequestMessage!.Headers.TryGetValues("Cookie", out var cookies) ? string.Concat(cookies).Length : 0, 0, 4096);
        Assert.Equal("alice", (string?)(await SessionAsync(run, browser))["user"]);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_no_defect()
    {
        await using var run = await Run.StartAsync();
        await run.Provider.DisposeAsync();
        using var browser = Run.Browser();

        using var page = await browser.GetAsync(run.At(""));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.Contains("\"code\":\"unavailable\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static JsonObject UserOf(string name, params string[] groups) => new()
    {
        ["sub"] = "4711",
        ["preferred_username"] = name,
        ["groups"] = new JsonArray([.. groups.Select(group => (JsonNode)group)]),
    };

    private static async Task<JsonNode> SessionAsync(Run run, HttpClient browser) =>
        JsonNode.Parse(await browser.GetStringAsync(run.At("api/session")))!;

    private static async Task<HttpStatusCode> StopAsync(Run run, HttpClient browser, string context)
    {
        using var request = Post(run, $"api/contexts/{context}/stop", """{"confirm":"shop","reason":"a test"}""");
        using var reply = await browser.SendAsync(request);
        return reply.StatusCode;
    }

    private static HttpRequestMessage Post(Run run, string address, string json) => run.Host.Post(address, json);

    /// <summary>A console beside its provider.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly FleetOfTests _fleet = new();

        public IdentityProvider Provider { get; private set; } = null!;

        public RunningHost Host { get; private set; } = null!;

        public static async Task<Run> StartAsync()
        {
            var run = new Run();
            run.Provider = await IdentityProvider.StartAsync();
            run.Host = await RunningHost.StartAsync(
                run._fleet,
                "--no-data",
                $"--SignIn:OpenIdConnect:Authority={run.Provider.Authority}",
                $"--SignIn:OpenIdConnect:ClientId={IdentityProvider.ClientId}",
                $"--SignIn:OpenIdConnect:ClientSecret={IdentityProvider.ClientSecret}",
                "--Permissions:0:Group=cache-team",
                "--Permissions:0:Contexts:0=sh*",
                "--Permissions:0:Allow:0=Operate",
                "--Permissions:0:Allow:1=Values",
                "--Permissions:1:Group=readers",
                "--Permissions:1:Contexts:0=pay",
                "--Permissions:1:Allow:0=View",
                "--Contexts:pay:NearCache:Namespace=shop",
                $"--Contexts:pay:NearCache:Memcached:Servers:0={run._fleet.Memcached[0].Address}");
            return run;
        }

        public Uri At(string address) => new(Host.Entry, "/" + address);

        public static HttpClient Browser()
        {
            var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() });
            client.DefaultRequestHeaders.Add("Accept", "text/html");
            return client;
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Provider.DisposeAsync();
            await _fleet.DisposeAsync();
        }
    }
}
