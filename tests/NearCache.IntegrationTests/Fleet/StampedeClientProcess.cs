using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>One client process of a stampede.</summary>
internal sealed class StampedeClientProcess(int callers, string memcacheds, string zooKeeper) : ServerProcess(Ports.Free())
{
    /// <summary>Starts the calls of its callers at an instant of the machine's monotonic clock.</summary>
    public async Task<Report> AskAsync(string key, long at)
    {
        await Input.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"ask {key} {at}"));
        await Input.FlushAsync();
        string[]? words = null;
        await Eventually.BecomesTrueAsync(() => (words = Reported(key)) is not null, $"a process tells what became of {key}");
        return new Report(
            int.Parse(words![2], CultureInfo.InvariantCulture),
            words[3].Split(','),
            [.. words[4].Split(',').Select(wait => TimeSpan.FromMicroseconds(long.Parse(wait, CultureInfo.InvariantCulture)))]);
    }

    /// <summary>Stops the process by a command.</summary>
    public async Task StopAsync()
    {
        await Input.WriteLineAsync("stop");
        await Input.FlushAsync();
        await Eventually.BecomesTrueAsync(() => !IsRunning, "a client process ends");
    }

    protected override ProcessStartInfo Command() =>
        new(
            "dotnet",
            [Repository.Sample("NearCache.Checker"), "stampede", callers.ToString(CultureInfo.InvariantCulture), memcacheds, zooKeeper])
        { RedirectStandardInput = true };

    protected override Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Output.Contains("ready", StringComparison.Ordinal));

    private string[]? Reported(string key) =>
        Output.Split('\n').FirstOrDefault(line => line.StartsWith($"asked {key} ", StringComparison.Ordinal))?.Split(' ');

    /// <summary>The result of one round.</summary>
    /// <param name="Runs">How often the factory ran in this process.</param>
    /// <param name="Values">The different values that its callers got.</param>
    /// <param name="Waits">How long each of them waited.</param>
    internal sealed record Report(int Runs, IReadOnlyList<string> Values, IReadOnlyList<TimeSpan> Waits);
}
