using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Management.Security;

namespace NearCache.Management.Tests.Security;

public sealed class ClosedByDefaultTests
{
    [Fact]
    public async Task Without_a_policy_the_application_does_not_start_and_the_message_names_the_setting()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => ConsoleOfTests.StartAsync(configure: Open));

        Assert.Contains("ViewPolicy", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_the_application_does_not_have_is_found_at_start()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ConsoleOfTests.StartAsync(configure: options => options.OperatePolicy = "opreate"));

        Assert.Contains("\"opreate\"", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_services_the_console_is_not_mapped()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        var thrown = Assert.Throws<InvalidOperationException>(() => app.MapNearCacheConsole());
        Assert.Contains("AddNearCacheConsole", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cache_and_without_contexts_there_is_nothing_to_show()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ConsoleOfTests.StartAsync(configure: options => options.Contexts.Clear()));

        Assert.Contains("AddNearCache", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_an_application_with_a_cache_the_console_shows_it()
    {
        await using var console = await ConsoleOfTests.StartAsync(
            configure: options => options.Contexts.Clear(),
            build: builder => builder.Services.AddNearCache(options =>
            {
                options.Namespace = "embedded";
                options.AllowEmbedded = true;
            }));

        var rows = await console.GetAsync("api/contexts");
        Assert.Equal("embedded", (string?)rows["contexts"]![0]!["name"]);

        // The embedded remote is in this process: there is no server to look at, and it is not called well.
        var overview = await console.GetAsync("api/contexts/embedded");
        Assert.Equal("unknown", (string?)overview["verdict"]!["level"]);
        Assert.NotNull((string?)overview["processes"]!["unknown"]);
    }

    [Theory]
    [InlineData("Host", "shop.example")]
    [InlineData("Host", "127.0.0.1.evil.example")]
    [InlineData("X-Forwarded-For", "10.0.0.7")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("Forwarded", "for=10.0.0.7")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Original-For", "10.0.0.7")]
    [InlineData("X-Real-IP", "10.0.0.7")]
    public async Task In_Development_only_this_machine_by_its_own_name_and_without_a_proxy_is_let_in(string header, string value)
    {
        await using var console = await ConsoleOfTests.StartAsync(configure: Open, environment: "Development");
        var session = await console.GetAsync("api/session", user: "nobody");
        Assert.Equal("development", (string?)session["mode"]);
        Assert.Contains("Development", (string?)session["banner"], StringComparison.Ordinal);
        Assert.Equal(["view"], session["contexts"]![0]!["permissions"]!.AsArray().Select(permission => (string?)permission));
        Assert.Single(console.Logs.Of(4001));

        using var client = console.Client(user: null);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(console.Address, "api/session"));
        request.Headers.TryAddWithoutValidation(header, value);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("localhost:5080", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1:80", true)]
    [InlineData("127.3.2.1", true)]
    [InlineData("[::1]:5080", true)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("evil-localhost", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("", false)]
    public void Names_of_this_machine_are_known(string host, bool isLoopback) =>
        Assert.Equal(isLoopback, RequestOrigin.IsLoopback(new HostString(host)));

    private static void Open(NearCacheConsoleOptions options) =>
        (options.ViewPolicy, options.OperatePolicy, options.ValuesPolicy) = (null, null, null);
}
