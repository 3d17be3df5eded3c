using NearCache.TestSupport;

namespace NearCache.Tests.Observing;

/// <summary>Hot keys and proposals of a fleet, as a program sees them that runs no cache.</summary>
public sealed class FleetAdviceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_observer_and_a_process_see_what_all_processes_read_and_write()
    {
        await using var fleet = new FleetOfTests { Keys = KeyVisibility.Plain };
        var (one, two) = (await fleet.StartAsync(), await fleet.StartAsync());
        await using var client = await fleet.ConnectAsync(options => options.ReadOnly = true);
        FleetHotKeys? hot = null;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await UseAsync(one);
                await UseAsync(two);
                hot = (await client.GetHotKeysAsync(Token)).Value;
                return hot is { Processes: 2 } && hot.Keys.FirstOrDefault(key => key.Key == "price:1") is { Processes: 2 };
            },
            "both processes report the key");

        var key = hot!.Keys.First(key => key.Key == "price:1");
        Assert.True(key is { IsHashed: false, Rule: null, RemoteReadsPerSecond: > 0, SavableReadsPerSecond: > 0 });
        Assert.Contains(hot.Prefixes, prefix => prefix is { Prefix: "price:", Processes: 2 });
        Assert.Equal("products", hot.Keys.First(key => key.Key == "product:1").Rule);
        Assert.Contains(hot.Rules, rule => rule is { Rule: "products", IsOn: true, Processes: 2 });

        var own = await one.Advisor.GetHotKeysAsync(Token);
        Assert.Equal(2, own.Processes);

        // What is proposed can be added as it is.
        RuleAdvice? advice = null;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await UseAsync(one);
                await UseAsync(two);
                advice = (await client.GetProposalsAsync(Token)).Value;
                return advice?.Proposals.Any(proposal => proposal.Keys == "price:*") == true;
            },
            "the prefix is proposed");
        var proposal = advice!.Proposals.Single(proposal => proposal.Keys == "price:*");
        Assert.Contains(advice.NotProposed, keys => keys.Keys == "lock:*" && keys.Nature == KeyNature.Lock);
        await using var operating = await fleet.ConnectAsync(options => options.ReadOnly = false);
        var edited = await operating.Rules.AddAsync(
            proposal.Settings!, FleetOfTests.Reason with { IfRevision = advice.Revision }, Token);
        Assert.Contains(edited.Rules, rule => rule.Settings is { Name: "price", Match: "price:*", DryRun: true });
    }

    [Fact]
    public async Task Without_an_answer_the_reason_is_told()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await using var client = await fleet.ConnectAsync();
        fleet.Memcached[0].Kill();
        fleet.Memcached[1].Kill();

        await Eventually.BecomesTrueAsync(
            async () => await client.GetHotKeysAsync(Token) is { IsKnown: false } hot
                && hot.Unknown.Contains("No report was found", StringComparison.Ordinal),
            "nothing is known");
        Assert.False((await client.GetProposalsAsync(Token)).IsKnown);
    }

    [Fact]
    public async Task A_cache_that_reports_no_keys_counts_none()
    {
        await using var fleet = new FleetOfTests { Keys = KeyVisibility.None };
        var process = await fleet.StartAsync();
        await UseAsync(process);

        var hot = await process.Advisor.GetHotKeysAsync(Token);

        Assert.Empty(hot.Keys);
        Assert.Equal((0, 1), (hot.Processes, hot.OtherProcesses));
        Assert.Contains(hot.Rules, rule => rule.Rule == "products");
    }

    [Fact]
    public async Task A_cache_on_the_embedded_remote_has_an_advisor_for_itself()
    {
        await using var cache = new NearCacheClient(new NearCacheOptions { Reports = { Keys = KeyVisibility.Plain } });
        await UseAsync(cache);

        var advice = await cache.Advisor.GetProposalsAsync(Token);

        Assert.Contains(advice.HotKeys.Keys, key => key.Key == "price:1");
        Assert.Equal((1, 0), (advice.HotKeys.Processes, advice.HotKeys.OtherProcesses));
    }

    private static async Task UseAsync(NearCacheClient cache)
    {
        for (var i = 0; i < 20; i++)
        {
            await cache.GetOrCreateAsync($"price:{i % 4}", _ => ValueTask.FromResult("value"), cancellationToken: Token);
            await cache.GetAsync<string>("product:1", Token);
            if (await cache.AddAsync($"lock:{i % 4}", "owner", cancellationToken: Token))
            {
                await cache.RemoveAsync($"lock:{i % 4}", Token);
            }
        }
    }
}
