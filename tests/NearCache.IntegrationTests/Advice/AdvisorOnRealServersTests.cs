using System.Collections.Concurrent;
using System.Diagnostics;
using NearCache.IntegrationTests.Rules;
using NearCache.Tests.Advice;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Advice;

/// <summary>
/// Four caches on a real memcached and ZooKeeper use the keys of a generated workload, and those of a rule over locks that was added by
/// hand. About 15 seconds; with <c>NEARCACHE_FULL=1</c> a minute.
/// </summary>
public sealed class AdvisorOnRealServersTests(ITestOutputHelper output)
{
    private const int Caches = 4;
    private const int Seed = 1;

    // The events of the workload per second: what a busy machine can do.
    private const double EventsPerSecond = 800;

    private static readonly EditReason ByHand = new() { Who = "Bob", Why = "orders are slow" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_advisor_names_the_rule_over_locks_and_proposes_what_is_worth_a_rule()
    {
        await using var fleet = await RuleFleet.StartAsync(Caches, configure: options =>
        {
            options.Reports.Keys = KeyVisibility.Plain;
            options.Reports.Interval = TimeSpan.FromSeconds(1);

            // What is alive may be slow on a busy machine, and no call of the workload may fail.
            options.RuleLease = TimeSpan.FromSeconds(31);
            options.Memcached.OperationTimeout = options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(30);
        });
        await fleet.AreMembersAsync(Caches);
        await using var client = await FleetClient.ConnectAsync(OptionsOf(fleet), cancellationToken: Token);
        await client.Rules.AddAsync(new RuleOptions { Name = "hotfix", Match = "order:lock:*" }, ByHand, Token);
        var groups = new Workload(Seed).Create();
        var worth = new ConcurrentDictionary<KeyGroup, long>();
        var clock = Stopwatch.StartNew();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var usage = Task.WhenAll(UseAsync(fleet.Caches, groups, worth, ending.Token), LockAsync(fleet.Caches, ending.Token));

        // The story: the rule, its author and its rate, within a minute.
        RuleProposal? named = null;
        await Eventually.BecomesTrueAsync(
            async () => (named = (await client.GetProposalsAsync(Token)).Value?.Proposals
                .FirstOrDefault(proposal => proposal is { Kind: ProposalKind.Remove, Rule: "hotfix" })) is not null,
            "the rule over locks is named");
        output.WriteLine($"after {clock.Elapsed.TotalSeconds:0} s: {named!.Reason}");
        Assert.Equal(("Bob", "orders are slow"), (named.Edit!.Who, named.Edit.Why));
        Assert.InRange(named.WritesPerSecond, 0.1, 100);
        Assert.Contains("look like locks", named.Reason, StringComparison.Ordinal);

        var seconds = TestScale.Of(quick: 12, full: 60);
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(seconds - clock.Elapsed.TotalSeconds, 0)), Token);

        // In a few seconds few keys are read twice, and on a busy machine even fewer.
        var (advice, added) = (default(RuleAdvice)!, Array.Empty<RuleProposal>());
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                advice = (await client.GetProposalsAsync(Token)).Value ?? advice;
                added = [.. advice.Proposals.Where(proposal => proposal.Kind == ProposalKind.AddDryRun)];
                var covered = groups.Where(group => Array.Exists(added, proposal => Covers(proposal, group.Prefix))).ToArray();
                var part = covered.Sum(group => worth.GetValueOrDefault(group)) / (double)Math.Max(worth.Values.Sum(), 1);
                output.WriteLine($"after {clock.Elapsed.TotalSeconds:0} s the proposals save {part:P0} of what can be saved: "
                    + string.Join(", ", added.Select(proposal => proposal.Keys)));
                Assert.Equal([], covered.Where(group => !group.IsGood).Select(group => $"{group.Traffic} {group.Prefix}"));
                Assert.InRange(part, 0, 1.01);
                return part >= (TestScale.IsFull ? 0.8 : 0.4);
            },
            "most of what can be saved is proposed");
        await ending.CancelAsync();
        await usage;

        // It can be added as it is.
        await client.Rules.AddAsync(added[0].Settings!, ByHand with { IfRevision = advice.Revision }, Token);
    }

    private static bool Covers(RuleProposal proposal, string prefix) => proposal.Keys.EndsWith('*')
        && (prefix.StartsWith(proposal.Keys[..^1], StringComparison.Ordinal)
            || proposal.Keys.StartsWith(prefix, StringComparison.Ordinal));

    private static NearCacheOptions OptionsOf(RuleFleet fleet)
    {
        var options = new NearCacheOptions { Namespace = "rules" };
        foreach (var server in fleet.Memcached)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        options.ZooKeeper.ConnectionString = fleet.ZooKeeper.Address;
        return options;
    }

    // Counts beside it which reads a near tier without any limit would have answered.
    private static async Task UseAsync(
        NearCacheClient[] caches, IReadOnlyList<KeyGroup> groups, ConcurrentDictionary<KeyGroup, long> worth, CancellationToken ending)
    {
        var random = new Random(Seed);
        var near = caches.Select(_ => new HashSet<string>()).ToArray();
        var all = groups.Sum(group => group.Rate);
        var clock = Stopwatch.StartNew();
        for (long done = 0; !ending.IsCancellationRequested;)
        {
            var due = (long)(clock.Elapsed.TotalSeconds * EventsPerSecond);
            var calls = new List<Task>();
            for (; done < due; done++)
            {
                var group = Pick(groups, random.NextDouble() * all);
                var (key, isWrite) = group.Next();
                var cache = random.Next(caches.Length);
                calls.Add(CallAsync(caches[cache], group, key, isWrite));
                if (group.IsGood && isWrite)
                {
                    Array.ForEach(near, keys => keys.Remove(key));
                }
                else if (group.IsGood && !near[cache].Add(key))
                {
                    worth.AddOrUpdate(group, 1, static (_, count) => count + 1);
                }
            }

            await Task.WhenAll(calls);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static KeyGroup Pick(IReadOnlyList<KeyGroup> groups, double at)
    {
        foreach (var group in groups)
        {
            at -= group.Rate;
            if (at < 0)
            {
                return group;
            }
        }

        return groups[^1];
    }

    private static async Task CallAsync(NearCacheClient cache, KeyGroup group, string key, bool isWrite)
    {
        switch (group.Traffic)
        {
            case Traffic.Lock:
                await cache.AddAsync(key, "owner");
                await cache.GetAsync<string>(key);
                await cache.RemoveAsync(key);
                break;
            case Traffic.Session when isWrite:
                await cache.TouchAsync(key, TimeSpan.FromMinutes(20));
                break;
            case Traffic.Counter when isWrite && await cache.GetAsync<int>(key) is { HasValue: true } count:
                await cache.CompareAndSetAsync(key, count.Value + 1, count.Version);
                break;
            case Traffic.Counter:
                await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(0));
                break;
            case var _ when isWrite:
                await cache.SetAsync(key, "a value");
                break;
            default:
                await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("a value"));
                break;
        }
    }

    // 20 locks a second: two writes each.
    private static async Task LockAsync(NearCacheClient[] caches, CancellationToken ending)
    {
        for (var i = 0; !ending.IsCancellationRequested; i++)
        {
            var (cache, key) = (caches[i % caches.Length], $"order:lock:{i % 50}");
            await cache.AddAsync(key, "owner", cancellationToken: CancellationToken.None);
            await cache.RemoveAsync(key, CancellationToken.None);
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
