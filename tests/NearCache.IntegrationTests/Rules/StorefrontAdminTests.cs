using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using NearCache.IntegrationTests.EndToEnd;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The kill switch as an operator of the sample shop uses it: docs/operations/kill-switch.md, "From an application".</summary>
public sealed class StorefrontAdminTests
{
    [Fact]
    public async Task Only_an_operator_with_the_key_stops_the_shop_and_ends_the_stop()
    {
        await using var process = await StorefrontProcess.StartNewAsync("NearCache:AllowEmbedded=true", "Storefront:AdminKey=secret");
        using var http = new HttpClient { BaseAddress = new Uri($"http://{process.Address}") };
        await BecomesAsync(near: true);

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/admin/rules")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "guess");
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await http.PostAsJsonAsync("/admin/stops", new { who = "Mallory", why = "for fun" })).StatusCode);
        await BecomesAsync(near: true);

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await http.PostAsJsonAsync("/admin/stops", new { rule = "nobody", who = "Alice", why = "incident 4711" })).StatusCode);
        var answer = await http.PostAsJsonAsync("/admin/stops", new { who = "Alice", why = "incident 4711" });
        var stop = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<RuleStop>();
        await BecomesAsync(near: false);
        var rules = await http.GetFromJsonAsync<RegistrySnapshot>("/admin/rules");
        Assert.Equal([stop!], rules!.Stops);
        Assert.Equal(["products", "parameters"], rules.Rules.Select(rule => rule.Settings.Name));

        (await http.PostAsJsonAsync($"/admin/stops/{stop!.Id}/end", new { who = "Alice", why = "over" })).EnsureSuccessStatusCode();
        await BecomesAsync(near: true);
        Assert.Empty(process.Failures());

        Task BecomesAsync(bool near) => Eventually.BecomesTrueAsync(
            async () =>
            {
                await process.Shop.PriceAsync(StorefrontCluster.Raincoat);
                return (await process.Shop.PriceAsync(StorefrontCluster.Raincoat)).IsNear == near;
            },
            near ? "the shop serves near" : "the shop serves nothing near");
    }

    [Fact]
    public async Task Without_a_configured_key_no_key_opens()
    {
        await using var process = await StorefrontProcess.StartEmbeddedAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{process.Address}") };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer ");

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/admin/rules")).StatusCode);
    }
}
