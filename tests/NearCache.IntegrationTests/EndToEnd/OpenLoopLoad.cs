using System.Diagnostics;
using System.Net;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// So many requests a second for the products of a shop, whether or not the earlier ones are answered: as the world comes, not as a loop.
/// </summary>
internal sealed class OpenLoopLoad(Uri shop, int perSecond, int products) : IDisposable
{
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { MaxConnectionsPerServer = 1000 })
    { BaseAddress = shop, Timeout = TimeSpan.FromMinutes(1) };

    public void Dispose() => _http.Dispose();

    /// <summary>Sends them for a time.</summary>
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

    // A shop has few products: one that it does not have is an answer, too.
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

/// <summary>One request.</summary>
internal readonly record struct TimedResponse(bool IsAnswered, TimeSpan Took);
