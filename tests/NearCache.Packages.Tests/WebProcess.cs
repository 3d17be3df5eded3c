using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.Packages.Tests;

/// <summary>A web application that was built from packages, as a process of its own.</summary>
internal sealed class WebProcess(string program, string contentRoot) : ServerProcess(Ports.Free())
{
    private readonly HttpClient _client = new();

    public Task<string> GetAsync(string path) => _client.GetStringAsync(new Uri($"http://{Address}{path}"));

    public override async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await base.DisposeAsync();
    }

    protected override ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo("dotnet", [program, "--urls", $"http://{Address}", "--contentRoot", contentRoot]);

        // As `dotnet run` does, by the launch settings of the template.
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        return start;
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri($"http://{Address}/"), cancellationToken);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
