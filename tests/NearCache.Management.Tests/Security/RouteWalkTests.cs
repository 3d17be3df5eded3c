using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Management.Api;
using NearCache.Management.Security;
using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Security;

/// <summary>Every route, unauthenticated, as a viewer, and from a page of another origin.</summary>
public sealed class RouteWalkTests
{
    private const string Viewer = "victor view";

    [Fact]
    public async Task Without_a_sign_in_no_route_answers()
    {
        await using var console = await ConsoleOfTests.StartAsync();
        using var client = console.Client(user: null);
        foreach (var route in Routes.All)
        {
            using var request = Request(console, route);
            using var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(reply.StatusCode == HttpStatusCode.Unauthorized, $"{route.Method} {route.Pattern}: {reply.StatusCode}");
            await HasNothingAsync(reply);
        }

        Assert.Contains(console.Logs.Of(4041), line => (string?)JsonNode.Parse(line)!["outcome"] == "Refused");
    }

    [Fact]
    public async Task A_user_without_a_permission_sees_nothing()
    {
        await using var console = await ConsoleOfTests.StartAsync();
        using var client = console.Client("mallory");
        foreach (var route in Routes.All)
        {
            using var request = Request(console, route);
            using var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(reply.StatusCode == HttpStatusCode.Forbidden, $"{route.Method} {route.Pattern}: {reply.StatusCode}");
            await HasNothingAsync(reply);
        }
    }

    [Fact]
    public async Task A_viewer_sees_and_changes_nothing()
    {
        var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);
        using var client = console.Client(Viewer);
        foreach (var route in Routes.All.Where(route => route.MediaType != "text/event-stream"))
        {
            using var request = Request(console, route);
            using var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
            if (route.Permission == ConsolePermission.View)
            {
                Assert.True(
                    reply.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.BadRequest,
                    $"{route.Method} {route.Pattern}: {reply.StatusCode} {await reply.Content.ReadAsStringAsync()}");
            }
            else
            {
                Assert.True(reply.StatusCode == HttpStatusCode.Forbidden, $"{route.Method} {route.Pattern}: {reply.StatusCode}");
                await HasNothingAsync(reply);
            }
        }

        Assert.Equal(1, (await console.Service.Find("shop")!.Collector.ClientAsync(default)).Rules.Current.Revision);
        Assert.DoesNotContain("\"who\":\"victor\"", console.Fleet.Content(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_of_one_context_learns_of_another_neither_figures_nor_whether_it_exists()
    {
        var fleet = new FleetOfTests();
        await using var console = await ConsoleOfTests.StartAsync(
            fleet,
            options => options.Contexts["payroll"] = new ConsoleContextOptions { Caches = fleet.Options() },
            build: builder => builder.Services.AddAuthorization(options => options.AddPolicy("view", policy => policy.RequireAssertion(
                decided => decided.User.HasClaim("may", ((ConsoleContext)decided.Resource!).Name)))));
        using var client = console.Client("victor shop");

        var metrics = await client.GetStringAsync(new Uri("metrics", UriKind.Relative));
        Assert.Contains("context=\"shop\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("payroll", metrics, StringComparison.Ordinal);

        using var hidden = await client.GetAsync(new Uri("api/contexts/payroll", UriKind.Relative));
        using var absent = await client.GetAsync(new Uri("api/contexts/nothing", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (hidden.StatusCode, absent.StatusCode));
        Assert.Equal(await hidden.Content.ReadAsStringAsync(), await absent.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_is_refused_by_every_route_of_the_API(string header, string value)
    {
        await using var console = await ConsoleOfTests.StartAsync();
        using var client = console.Client();
        foreach (var route in Routes.All.Where(route => route.IsApi))
        {
            using var request = Request(console, route);
            request.Headers.Remove(header);
            request.Headers.Add(header, value);
            using var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(reply.StatusCode == HttpStatusCode.Forbidden, $"{route.Method} {route.Pattern}: {reply.StatusCode}");
            Assert.False(reply.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.Equal("foreignOrigin", (string?)JsonNode.Parse(await reply.Content.ReadAsStringAsync())!["code"]);
        }

        Assert.False(console.Fleet.Content().Contains("alice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_changes_needs_the_header_the_type_and_a_reason()
    {
        await using var console = await ConsoleOfTests.StartAsync();
        using var client = console.Client();
        foreach (var route in Routes.All.Where(route => route.Method == "POST"))
        {
            using var bare = Request(console, route);
            bare.Headers.Remove("X-NearCache-Operation");
            Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(bare)).StatusCode);

            using var form = Request(console, route);
            form.Content = new StringContent("{}", Encoding.UTF8, "text/plain");
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.SendAsync(form)).StatusCode);

            using var large = Request(console, route);
            large.Content = new StringContent(new string(' ', 70_000), Encoding.UTF8, "application/json");
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await client.SendAsync(large)).StatusCode);

            using var without = Request(console, route);
            without.Headers.Remove("Origin");
            Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(without)).StatusCode);

            using var unknown = Request(console, route);
            unknown.Content = new StringContent("""{"surprise":1}""", Encoding.UTF8, "application/json");
            Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(unknown)).StatusCode);
        }

        var (status, answer) = await console.PostAsync(
            "api/contexts/shop/stop", """{"rule":null,"confirm":"shop","reason":"  "}""");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid"), (status, (string?)answer["code"]));
    }

    [Fact]
    public async Task A_permission_without_a_policy_has_no_route()
    {
        await using var console = await ConsoleOfTests.StartAsync(
            configure: options => (options.OperatePolicy, options.ValuesPolicy) = (null, null));
        using var client = console.Client();
        foreach (var route in Routes.All.Where(route => route.Permission != ConsolePermission.View))
        {
            using var request = Request(console, route);
            Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(request)).StatusCode);
        }

        var session = await console.GetAsync("api/session");
        Assert.Equal(["view"], session["contexts"]![0]!["permissions"]!.AsArray().Select(permission => (string?)permission));
        await Eventually.BecomesTrueAsync(() => console.Service.Find("shop")!.Collector.State.Reading is not null, "the fleet is read");
        Assert.True((await console.Service.Find("shop")!.Collector.ClientAsync(default)).IsReadOnly);
    }

    [Fact]
    public async Task Every_reply_has_the_headers_that_keep_hostile_text_text()
    {
        await using var console = await ConsoleOfTests.StartAsync();
        using var client = console.Client();
        foreach (var route in Routes.All.Where(route => route.Method == "GET" && route.MediaType != "text/event-stream"))
        {
            using var request = Request(console, route);
            using var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(SecurityHeaders.ContentPolicy, Assert.Single(reply.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("DENY", Assert.Single(reply.Headers.GetValues("X-Frame-Options")));
        }
    }

    private static HttpRequestMessage Request(ConsoleOfTests console, ConsoleRoute route)
    {
        var address = route.Pattern
            .Replace("{context}", "shop", StringComparison.Ordinal)
            .Replace("{id}", new string('0', 32), StringComparison.Ordinal);
        return route.Method == "POST"
            ? console.Post(address, "{}")
            : new HttpRequestMessage(HttpMethod.Get, new Uri(console.Address, address));
    }

    private static async Task HasNothingAsync(HttpResponseMessage reply)
    {
        var text = await reply.Content.ReadAsStringAsync();
        Assert.DoesNotContain("product", text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:", text, StringComparison.Ordinal);
    }
}
