using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// An HTTP client of the storefront. Every unexpected answer is an exception, so a test that only reads also proves that the storefront
/// answered.
/// </summary>
internal sealed class StorefrontClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>A product's price, which these tests use as a version, and where it came from.</summary>
    public async Task<DisplayedPrice> PriceAsync(int product)
    {
        var shown = await _http.GetFromJsonAsync<JsonElement>(Of(product));
        return new DisplayedPrice((int)shown.GetProperty("value").GetProperty("price").GetDecimal(), shown.GetProperty("source")
            .GetString()!);
    }

    public async Task SetPriceAsync(int product, int price)
    {
        using var response = await _http.PutAsJsonAsync(Of(product), new { name = "Yellow raincoat", price });
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    /// <summary>
    /// Like <see cref="SetPriceAsync"/>, but accepts the answer that the cache could not be updated. The database has the price in both
    /// cases.
    /// </summary>
    public async Task<bool> TrySetPriceAsync(int product, int price)
    {
        using var response = await _http.PutAsJsonAsync(Of(product), new { name = "Yellow raincoat", price });
        Assert.True(
            response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ServiceUnavailable, $"PUT answered {response.StatusCode}");
        return response.StatusCode == HttpStatusCode.NoContent;
    }

    public async Task<DisplayedPrice> ParameterAsync(string name)
    {
        var shown = await _http.GetFromJsonAsync<JsonElement>($"/parameters/{name}");
        return new DisplayedPrice(0, shown.GetProperty("source").GetString()!) { Text = shown.GetProperty("value").GetString()! };
    }

    public async Task SetParameterAsync(string name, string value)
    {
        using var response = await _http.PutAsJsonAsync($"/parameters/{name}", new { value });
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    public async Task<JsonElement> BasketAsync(string user) => await _http.GetFromJsonAsync<JsonElement>($"/baskets/{user}");

    public async Task PutInBasketAsync(string user, int product)
    {
        using var response = await _http.PostAsJsonAsync($"/baskets/{user}", new { product, quantity = 1 });
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    public async Task<long> ViewAsync(int product)
    {
        using var response = await _http.PostAsync($"/products/{product}/views", null);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("value").GetInt64();
    }

    public async Task<NearCacheSnapshot> DiagnosticsAsync() => (await _http.GetFromJsonAsync<NearCacheSnapshot>("/diagnostics"))!;

    public async Task<SourceLoad> LoadAsync() => (await _http.GetFromJsonAsync<SourceLoad>("/source"))!;

    public async Task<string> PageAsync() => await _http.GetStringAsync("/");

    /// <summary>Whether the storefront listens: requests its page, which depends on no server.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync("/", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Of(int product) => $"/products/{product}";
}

/// <summary>The load of a storefront on its database.</summary>
internal sealed record SourceLoad(long Reads, int MostAtOnce, int MostOfOneAtOnce);
