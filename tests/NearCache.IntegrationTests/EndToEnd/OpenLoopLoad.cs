using System.Diagnostics;
using System.Net;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Open-loop load: sends requests for products at a fixed rate, whether or not earlier ones are answered.</summary>
internal sealed class OpenLoopLoad(Uri shop, int perSecond, int products) : IDisposable
{
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { MaxConnectionsPerServer = 1000 })
    { BaseAddress = shop, Timeout = TimeSpan.FromMinutes(5) };

    public void Dispose() => _http.Dispose();

    /// <summary>Sends requests for the given time.</summary>
    public async Task<TimedResponse[]> RunAsync(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var responses = new List<Task<TimedResponse>>();
        while (clock.Elapsed < time)
        {
            for (var due = (int)(clock.Elapsed.TotalSeconds * perSecond); responses.Count < due;)
            {
                responses.Add(SendAsync((responses.Count * 7 % products) + 1));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(4), TimeProvider.System);
        }

        return await Task.WhenAll(responses);
    }

    // "Not found" counts as an answer, because the shop has few products.
    private async Task<TimedResponse> SendAsync(int product)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            using var answer = await _http.GetAsync($"/products/{product}");
            return new TimedResponse(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, clock.Elapsed);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new TimedResponse(false, clock.Elapsed);
        }
    }
}

/// <summary>The outcome and duration of one request.</summary>
internal readonly record struct TimedResponse(bool IsAnswered, TimeSpan Took);
