using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>The near tier in a process whose heap is limited, with default settings.</summary>
public sealed class HeapLimitTests
{
    private const int Keys = 2600;
    private const long Limit = 256L * 1024 * 1024;

    [Fact]
    public async Task A_process_of_256_MB_evicts_large_values_and_does_not_run_out_of_memory()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var process = new LimitedProcess(memcached.Address);

        process.Launch();
        await Eventually.BecomesTrueAsync(() => !process.IsRunning, "the process ends", TimeSpan.FromMinutes(3));

        Assert.True(process.Output.Contains("done ", StringComparison.Ordinal), process.Output);
        var done = process.Output.Split('\n').Single(line => line.StartsWith("done ", StringComparison.Ordinal));
        var figures = done.Split(' ')[1..].Select(figure => long.Parse(figure, CultureInfo.InvariantCulture)).ToArray();
        var (entries, bytes, evictions) = (figures[0], figures[1], figures[2]);
        Assert.InRange(bytes, 1, Limit / 5);
        Assert.InRange(entries, 20, Limit / 5 / 100_000);   // pressure may have lowered the limit to an eighth
        Assert.InRange(evictions, Keys / 2, long.MaxValue);
    }

    private sealed class LimitedProcess(string memcached) : ServerProcess(Ports.Free())
    {
        protected override ProcessStartInfo Command() => new(
            "dotnet", [Repository.Sample("NearCache.Checker"), "memory", Keys.ToString(CultureInfo.InvariantCulture), memcached])
        {
            Environment =
            {
                ["DOTNET_GCHeapHardLimit"] = Limit.ToString("X", CultureInfo.InvariantCulture),   // the runtime reads it as hexadecimal
                ["DOTNET_gcServer"] = "0",
            },
        };

        protected override Task<bool> AnswersAsync(CancellationToken cancellationToken) => Task.FromResult(IsRunning);
    }
}
