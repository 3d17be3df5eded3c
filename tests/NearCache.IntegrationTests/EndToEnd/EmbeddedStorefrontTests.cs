using System.Diagnostics;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>The samples without any installation or configuration.</summary>
public sealed class EmbeddedStorefrontTests
{
    [Fact]
    public async Task The_shop_runs_on_the_embedded_default()
    {
        await using var process = await StorefrontProcess.StartEmbeddedAsync();
        var shop = process.Shop;

        Assert.Equal("source", (await shop.PriceAsync(StorefrontCluster.Raincoat)).Source);
        Assert.Equal("near", (await shop.PriceAsync(StorefrontCluster.Raincoat)).Source);
        await shop.SetPriceAsync(StorefrontCluster.Raincoat, 70);
        Assert.Equal(new DisplayedPrice(70, "source"), await shop.PriceAsync(StorefrontCluster.Raincoat));
        Assert.Equal(new DisplayedPrice(70, "near"), await shop.PriceAsync(StorefrontCluster.Raincoat));

        await shop.SetParameterAsync("banner", "Sold out");
        Assert.Equal("Sold out", (await shop.ParameterAsync("banner")).Text);
        Assert.True((await shop.ParameterAsync("banner")).IsNear);

        for (var i = 1; i <= 3; i++)
        {
            await shop.PutInBasketAsync("anna", StorefrontCluster.Raincoat);
            var basket = await shop.BasketAsync("anna");
            Assert.Equal(
                (i, "remote"), (basket.GetProperty("value").GetProperty("1").GetInt32(), basket.GetProperty("source").GetString()));
            Assert.Equal(i, await shop.ViewAsync(StorefrontCluster.Raincoat));
        }

        var snapshot = await shop.DiagnosticsAsync();
        Assert.True(snapshot.IsEmbedded);
        Assert.True(snapshot.NearEntries > 0);
        Assert.True(snapshot.NearHits >= 3);
        Assert.Equal(0, await process.EndAsync(TimeSpan.FromMinutes(3)));
        Assert.Empty(process.Failures());
    }

    [Fact]
    public async Task The_page_takes_nothing_from_elsewhere()
    {
        await using var process = await StorefrontProcess.StartEmbeddedAsync();

        var page = await process.Shop.PageAsync();

        Assert.Contains("ZooKeeper writes", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_quick_start_shows_every_source()
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Sample("QuickStart")]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;

        var printed = await process.StandardOutput.ReadToEndAsync();

        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        string[] sources = [.. printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[31..].Split(' ')[0])];
        Assert.Equal(["Remote", "Near", "Remote", "Factory"], sources);
    }
}
