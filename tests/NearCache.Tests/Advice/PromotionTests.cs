using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Tests.Advice;

/// <summary>A rule from its first proposal to its removal: tried, promoted, in force, and removed when it is of no more use.</summary>
public sealed class PromotionTests
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "the advisor proposes it" };

    // What a machine reaches that has ten times as much to do.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rule_is_proposed_tried_promoted_and_removed_when_its_use_ends()
    {
        var time = new ManualTime();
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Reports = { Keys = KeyVisibility.Plain } }, timeProvider: time);
        for (var i = 0; i < 20; i++)
        {
            await cache.SetAsync($"price:{i}", "value", cancellationToken: Token);
        }

        // Until the advisor proposes an edit of the rule. Nothing else may be proposed meanwhile.
        async Task<RuleProposal> ProposedAsync(ProposalKind kind, bool isRead, TimeSpan after, TimeSpan atMost)
        {
            for (var began = time.GetUtcNow(); ;)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                for (var i = 0; isRead && i < 20; i++)
                {
                    await cache.GetAsync<string>($"price:{i}", Token);
                    await cache.GetAsync<string>($"once:{Guid.NewGuid()}", Token);
                }

                var passed = time.GetUtcNow() - began;
                var advice = await cache.Advisor.GetProposalsAsync(Token);
                if (advice.Proposals is [var proposal])
                {
                    Assert.Equal((kind, "price", "price:*"), (proposal.Kind, proposal.Rule, proposal.Keys));
                    Assert.InRange(passed, after, atMost);
                    return proposal;
                }

                Assert.Empty(advice.Proposals);
                Assert.True(passed < atMost, $"{kind} is not proposed.");
            }
        }

        var added = await ProposedAsync(ProposalKind.AddDryRun, isRead: true, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        await EditAsync(time, cache.Rules.AddAsync(added.Settings!, Reason, Token));
        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("price:1", Token)).Source);

        var promoted = await ProposedAsync(ProposalKind.Promote, isRead: true, TimeSpan.FromSeconds(85), TimeSpan.FromSeconds(100));
        Assert.Equal("Alice", promoted.Edit!.Who);
        Assert.InRange(promoted.SavedReadsPerSecond, 15, 20);
        await EditAsync(time, cache.Rules.EnableAsync(promoted.Rule, Reason, Token));
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return (await cache.GetAsync<string>("price:1", Token)).Source == CacheSource.Near;
            },
            "the rule has its effect",
            Long);

        // While it saves what was promised, it stays as it is; when nothing reads its keys, it is proposed for removal.
        for (var second = 0; second < 60; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            for (var i = 0; i < 20; i++)
            {
                await cache.GetAsync<string>($"price:{i}", Token);
            }

            Assert.Empty((await cache.Advisor.GetProposalsAsync(Token)).Proposals);
        }

        var rates = Assert.Single((await cache.Advisor.GetHotKeysAsync(Token)).Rules);
        Assert.True(rates is { Rule: "price", IsOn: true, IsDryRun: false, NearHitsPerSecond: > 10 }, $"{rates}");
        var removed = await ProposedAsync(ProposalKind.Remove, isRead: false, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15));
        Assert.Equal(ProposalConfidence.Low, removed.Confidence);
        await EditAsync(time, cache.Rules.RemoveAsync(removed.Rule, Reason, Token));
        Assert.Empty((await cache.Advisor.GetProposalsAsync(Token)).Proposals);
        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("price:1", Token)).Source);
    }

    /// <summary>The same over ZooKeeper and two memcached servers, up to the promotion, by an observer. About ten seconds.</summary>
    [Fact]
    public async Task A_fleet_proves_a_dry_run_and_an_observer_promotes_it()
    {
        await using var fleet = new FleetOfTests { Keys = KeyVisibility.Plain, Time = new AcceleratedTime(20) };
        NearCacheClient[] processes = [await fleet.StartAsync(), await fleet.StartAsync()];
        await using var client = await fleet.ConnectAsync();
        async Task<RuleProposal> ProposedAsync(ProposalKind kind)
        {
            RuleProposal? proposal = null;
            await Eventually.BecomesTrueAsync(
                async () =>
                {
                    await UseAsync(processes);
                    var advice = (await client.GetProposalsAsync(Token)).Value;
                    return (proposal = advice?.Proposals.FirstOrDefault(one => one.Keys == "price:*" && one.Kind == kind)) is not null;
                },
                $"{kind} is proposed",
                Long);
            return proposal!;
        }

        await client.Rules.AddAsync((await ProposedAsync(ProposalKind.AddDryRun)).Settings!, Reason, Token);
        var promoted = await ProposedAsync(ProposalKind.Promote);
        Assert.Equal(("price", "Alice"), (promoted.Rule, promoted.Edit!.Who));
        Assert.All(processes, process =>
            Assert.True(process.Snapshot().Rules.Single(rule => rule.Name == "price") is { IsDryRun: true, IsOn: false }));
        await client.Rules.EnableAsync(promoted.Rule, Reason, Token);
        foreach (var process in processes)
        {
            await FleetOfTests.IsNearAsync(process, "price:1");
        }

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await UseAsync(processes);
                return (await client.GetHotKeysAsync(Token)).Value?.Rules.FirstOrDefault(rule => rule.Rule == "price")
                    is { IsOn: true, IsDryRun: false, Processes: 2, NearHitsPerSecond: > 0 };
            },
            "both report that the rule is in force",
            Long);
        var after = (await client.GetProposalsAsync(Token)).Value!;
        Assert.DoesNotContain(
            after.Proposals, proposal => proposal is { Rule: "price", Kind: ProposalKind.AddDryRun or ProposalKind.Promote });
    }

    // The second edit of a process waits for the rate limit.
    private static async Task EditAsync(ManualTime time, Task edit)
    {
        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(edit.IsCompleted ? 0 : 100));
                return edit.IsCompleted;
            },
            "the edit is made",
            Long);
        await edit;
    }

    private static async Task UseAsync(NearCacheClient[] processes)
    {
        foreach (var process in processes)
        {
            for (var i = 0; i < 20; i++)
            {
                await process.GetOrCreateAsync($"price:{i % 4}", _ => ValueTask.FromResult("value"), cancellationToken: Token);
            }
        }
    }
}
