using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.Tests.Remote.Values;

namespace NearCache.IntegrationTests;

/// <summary>Values round-trip or are refused, on a real memcached between the caches of two processes.</summary>
public sealed class ValuesOnRealServersTests
{
    [Fact]
    public async Task Values_come_back_whole_or_are_refused()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var town = await ValueProcesses.StartAsync(
            options => new NearCacheClient(options), options => options.Memcached.Servers.Add(memcached.Address));

        await town.AllComeBackAsync(Samples.Whole);
        await town.AllAreRefusedAsync(Samples.Lossy);
    }

    [Fact]
    public async Task A_value_as_large_as_an_item_is_an_error_that_names_the_setting_and_the_option()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        using var log = new LogRecorder(LogLevel.Debug);
        await using var cache = new NearCacheClient(
            new NearCacheOptions
            {
                RuleLease = TimeSpan.FromSeconds(1.5),
                Rules = { new RuleOptions { Name = "near", Match = "near:*" } },
                Memcached = { Servers = { memcached.Address } },
            },
            log);
        await Eventually.BecomesTrueAsync(
            async () => await Record.ExceptionAsync(() => cache.SetAsync("first", 1)) is null, "it is connected");

        await RefusedInputTests.SaysWhatToDoAsync(cache, log, "near:large");
    }
}
