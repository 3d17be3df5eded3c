using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using NearCache.IntegrationTests;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Monitoring;

/// <summary>The Storefront sample in a separate process, and its use.</summary>
internal sealed class ShopProcess : HttpServerProcess
{
    public const string Namespace = "storefront";
    private readonly string[] _settings;
    private readonly string _pod;

    private ShopProcess(string[] settings, string pod)
        : base("/health/live") => (_settings, _pod) = (settings, pod);

    public static Task<ShopProcess> StartNewAsync(string memcached, string zooKeeper, params string[] more) =>
        StartPodAsync("shop-1", [memcached], zooKeeper, more);

    public static async Task<ShopProcess> StartPodAsync(
        string pod, IReadOnlyList<string> memcacheds, string zooKeeper, params string[] more)
    {
        var shop = new ShopProcess(
            [
                .. memcacheds.Select((server, index) => $"--NearCache:Memcached:Servers:{index}={server}"),
                $"--NearCache:ZooKeeper:ConnectionString={zooKeeper}",
                .. more,
            ],
            pod);
        await shop.StartAsync();
        return shop;
    }

    /// <summary>Reads and changes what rules keep near, and what they do not. Failures of memcached are answers, too.</summary>
    public async Task UseAsync()
    {
        foreach (var path in new[] { "/products/1", "/products/1", "/products/2", "/parameters/banner", "/baskets/a" })
        {
            using var read = await Http.GetAsync(new Uri(path, UriKind.Relative));
        }

        using var written = await Http.PutAsJsonAsync("/parameters/delivery", new { value = "4.90" });
    }

    /// <summary>Reads a key that a rule keeps near.</summary>
    public async Task ReadNearAsync(int times)
    {
        for (var time = 0; time < times; time++)
        {
            using var read = await Http.GetAsync(new Uri("/products/1", UriKind.Relative));
        }
    }

    /// <summary>Changes a parameter. Returns whether the shop has confirmed it.</summary>
    public async Task<bool> ChangeAsync(string parameter)
    {
        using var written = await Http.PutAsJsonAsync($"/parameters/{parameter}", new { value = "4.90" });
        return written.IsSuccessStatusCode;
    }

    /// <summary>Reads a product, which need not exist.</summary>
    public async Task ReadAsync(int product)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/products/{product}");
        using var read = await Http.GetAsync(new Uri(path, UriKind.Relative));
    }

    /// <summary>Stops a rule, as an operator with the key of the shop.</summary>
    public async Task StopAsync(string rule, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/admin/stops", UriKind.Relative))
        {
            Content = JsonContent.Create(new { rule, who = "alice", why = "a test" }),
            Headers = { { "Authorization", $"Bearer {key}" } },
        };
        using var stopped = await Http.SendAsync(request);
        Assert.True(stopped.IsSuccessStatusCode, await stopped.Content.ReadAsStringAsync());
    }

    public Task<string> ScrapeAsync() => Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    public async Task<System.Net.HttpStatusCode> StatusOfAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    protected override ProcessStartInfo Command()
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");
        var start = new ProcessStartInfo("dotnet", [Repository.Sample("Storefront"), "--urls", url, .. _settings]);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["POD_NAME"] = _pod;
        start.Environment["NODE_NAME"] = "node-1";
        return start;
    }
}
