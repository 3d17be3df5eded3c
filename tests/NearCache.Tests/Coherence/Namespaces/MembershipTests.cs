using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Namespaces;
using NearCache.Diagnostics;
using NearCache.TestSupport;
using NearCache.Tests.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Namespaces;

public sealed class MembershipTests : IAsyncDisposable
{
    private const string Own = "/nearcache/shop/members/own";

    private readonly EnsembleWorld _world = new(announcementsPerNamespace: 4);
    private readonly NearCacheMetrics _metrics = new(null);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<int> _counted = [];
    private readonly Membership _members;
    private Task _work = Task.CompletedTask;

    public MembershipTests()
    {
        _world.Server.SetData("/nearcache/shop/members", []);
        var context = new CoherenceContext
        {
            Names = new CounterNames("shop"),
            Prefix = new NamespacePrefix("shop", "", fromServers: false, [], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance),
            Epochs = new ProcessEpochs(),
            Clock = _world.Clock,
            Time = _world.Time,
            Invalidator = null!,   // nothing is invalidated here
            Metrics = _metrics,
            Logger = _world.Log,
            IsShared = true,
            HasCounters = true,
            KeepsNear = true,
            AuditPeriod = 1000,
            MaxStaleness = 5000,
            ExplanationWait = () => 0,
        };
        var servers = new ServerDirectory();
        servers.Replace("one:11211", []);
        _members = new Membership(
            _world.Gate,
            new NamespacePaths("shop"),
            context,
            ZNodeAcl.OpenToAll,
            TimeSpan.FromSeconds(10),
            "own",
            servers,
            new MemberEstimate(MemberEstimate.StartHold),
            Counted);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _world.DisposeAsync();
        _metrics.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task A_member_node_that_was_deleted_is_created_again_once_and_the_believed_count_stays()
    {
        foreach (var other in new[] { "b", "c", "d" })
        {
            _world.Server.SetData("/nearcache/shop/members/" + other, []);
        }

        _work = _members.RunAsync(_stopping.Token);
        await TurnAsync(TimeSpan.FromMinutes(4));
        Assert.True(_members.IsMember);
        Assert.Equal((1000, 4), (_counted[0], _counted[^1]));
        Assert.Equal(1, _world.Asked("Create2"));

        foreach (var member in new[] { "own", "b", "c", "d" })
        {
            _world.Server.Delete("/nearcache/shop/members/" + member);
        }

        // It checks about every half minute, and waits up to the ten seconds in which four members may make one transaction each.
        await TurnAsync(TimeSpan.FromMinutes(2));
        Assert.Contains(Own, _world.Server.Paths());
        Assert.True(_members.IsMember);
        Assert.Equal(2, _world.Asked("Create2"));
        Assert.Equal(4, _counted[^1]);
        Assert.Equal(10_000, _world.Gate.FleetSpread);
    }

    [Fact]
    public async Task A_member_that_may_not_be_created_costs_a_few_refused_transactions()
    {
        _world.Server.OnRequest = request =>
            request.Operation == "Create2" ? TestSupport.ZooKeeper.FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        _work = _members.RunAsync(_stopping.Token);
        await TurnAsync(TimeSpan.FromMinutes(10));

        Assert.False(_members.IsMember);
        Assert.InRange(_world.Asked("Create2"), EnsembleLimits.TransactionsOfNewSession, 12);
        Assert.InRange(_world.Log.Of(1402).Length, 1, 2);
    }

    private Task TurnAsync(TimeSpan by) => _world.TurnAsync(by, _work);

    private void Counted(MemberEstimate count)
    {
        _counted.Add(count.Believed);
        _world.Gate.Members = count.Believed;
    }
}
