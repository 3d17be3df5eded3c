using System.Globalization;
using System.Text;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Coherence.Slots.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.TestSupport;
using NearCache.Tests.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Namespaces;

/// <summary>Damage to the nodes of a namespace, and its repair by one process on a manual clock.</summary>
public sealed class NamespaceKeeperTests : IAsyncDisposable
{
    private const string Home = "/nearcache/shop";
    private static readonly NamespacePaths Paths = new("shop");
    private static readonly string[] Whole =
        [
            Home, Home + "/config", Home + "/members", Home + "/rules", Home + "/slots",
            .. Enumerable.Range(0, 8).Select(slot => string.Create(CultureInfo.InvariantCulture, $"{Home}/slots/{slot:00}")),
        ];

    private readonly EnsembleWorld _world = new();
    private readonly LoopSignal _damage;
    private readonly ITestOutputHelper _output;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<bool> _usable = [];
    private RuleSet? _carried;
    private bool _isSilent;
    private Task _work = Task.CompletedTask;

    public NamespaceKeeperTests(ITestOutputHelper output)
    {
        _output = output;
        _damage = new LoopSignal(_world.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _world.DisposeAsync();
        _stopping.Dispose();
    }

    [Fact]
    public async Task A_new_namespace_is_created_in_one_transaction_and_an_idle_one_costs_a_few_reads_a_minute()
    {
        Start();
        await TurnAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(Whole, Below(Home));
        Assert.Equal(1, _world.Asked("Multi"));
        Assert.True(Assert.Single(_usable));
        Assert.Equal(1, Registry().Set.Revision);

        var before = _world.AskedAtAll;
        await TurnAsync(TimeSpan.FromMinutes(10));
        _output.WriteLine($"[FIGURE] a whole namespace: {_world.AskedAtAll - before} reads in 10 minutes");
        Assert.InRange(_world.AskedAtAll - before, 4 * 8, 4 * 13);
        Assert.Equal(1, _world.Asked("Multi"));
    }

    [Fact]
    public async Task A_missing_config_is_created_and_nothing_else_is_tried()
    {
        await WholeAsync();
        _world.Server.Delete(Paths.Config);
        var (reads, creates) = (_world.AskedAtAll, _world.Asked("Multi"));
        await TurnAsync(TimeSpan.FromMinutes(10));

        // Before: 527 to 669 failed transactions and 2,676 requests a second, without end.
        _output.WriteLine($"[FIGURE] config deleted: {_world.Asked("Multi") - creates} transactions and {_world.AskedAtAll - reads} "
            + "requests in 10 minutes");
        Assert.Equal(1, _world.Asked("Multi") - creates);
        Assert.Equal(Whole, Below(Home));
        Assert.Contains(Paths.Config, Assert.Single(_world.Log.Of(1422)), StringComparison.Ordinal);
        Assert.Equal(NamespaceCondition.Whole, Keeper.State.Condition);
    }

    [Theory]
    [InlineData("/rules")]
    [InlineData("/slots/03")]
    [InlineData("/members")]
    [InlineData("")]
    public async Task Whatever_was_there_before_the_first_process_the_rest_is_created(string node)
    {
        _world.Server.SetData(Home + node, node == "/rules" ? new RegistryDocument(Carried(3), StopSet.None, []).Write() : []);
        Start();
        await TurnAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(Whole, Below(Home));
        Assert.Equal(1, _world.Asked("Multi"));
        Assert.Equal(node == "/rules" ? 3 : 1, Registry().Set.Revision);
    }

    [Fact]
    public async Task A_namespace_that_was_deleted_is_there_again_and_its_rules_after_five_minutes_as_the_next_revision()
    {
        await WholeAsync();
        _carried = Carried(7);
        DeleteAll();
        var creates = _world.Asked("Multi");
        await DamagedAsync(_damage);
        await TurnAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(Whole.Except([Paths.Rules]), Below(Home));
        Assert.Equal(NamespaceCondition.Repairing, Keeper.State.Condition);
        Assert.All(Enumerable.Range(0, 8), slot => Assert.True(Ring(slot).First > 1L << 40, "a reader could take it for the ring before"));

        await TurnAsync(TimeSpan.FromMinutes(6));
        Assert.Equal(Whole, Below(Home));
        Assert.Equal((8, "repair"), (Registry().Set.Revision, Registry().History[^1].Who));
        Assert.Equal(NamespaceCondition.Whole, Keeper.State.Condition);
        _output.WriteLine($"[FIGURE] deleteall: {_world.Asked("Multi") - creates} transactions");
        Assert.Equal(2, _world.Asked("Multi") - creates);
    }

    [Fact]
    public async Task Rules_that_no_process_may_create_again_are_said_once_with_the_command_that_helps()
    {
        await WholeAsync();
        _carried = Carried(7);
        _isSilent = true;
        _world.Server.Delete(Paths.Rules);
        var before = _world.AskedAtAll;
        await TurnAsync(TimeSpan.FromMinutes(20));

        Assert.Equal(NamespaceCondition.Damaged, Keeper.State.Condition);
        Assert.Contains("silent-server", Keeper.State.Problem, StringComparison.Ordinal);
        Assert.StartsWith($"create {Paths.Rules} '{{\"format\":1", Keeper.State.Command, StringComparison.Ordinal);
        Assert.Single(_world.Log.Of(1421));
        _output.WriteLine(
            $"[FIGURE] rules deleted and a server silent: {_world.AskedAtAll - before} reads and 0 transactions in 20 minutes");
        Assert.InRange(_world.AskedAtAll - before, 1, 20 * 60);

        _isSilent = false;
        await TurnAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(8, Registry().Set.Revision);
        Assert.Equal(NamespaceCondition.Whole, Keeper.State.Condition);
    }

    [Fact]
    public async Task Garbage_in_all_slots_is_rewritten_by_compare_and_set()
    {
        await WholeAsync();
        var creates = _world.Asked("Multi");
        for (var slot = 0; slot < 8; slot++)
        {
            _world.Server.SetData(Paths.Slot(slot), [103, (byte)slot]);
        }

        await DamagedAsync(_damage);
        await TurnAsync(TimeSpan.FromMinutes(3));
        Assert.All(Enumerable.Range(0, 8), slot => Assert.True(Ring(slot).First > 1L << 40));
        Assert.Equal(creates + 1, _world.Asked("Multi"));
        Assert.All(_usable, Assert.True);
        Assert.Equal(NamespaceCondition.Whole, Keeper.State.Condition);
    }

    [Fact]
    public async Task Rings_in_a_newer_format_that_config_allows_are_left_alone()
    {
        await WholeAsync();
        _world.Server.SetData(Paths.Config, Encoding.UTF8.GetBytes("""{"format":2,"slots":8}"""));
        _world.Server.SetData(Paths.Slot(0), [2, 1]);
        await DamagedAsync(_damage);
        await TurnAsync(TimeSpan.FromMinutes(3));

        Assert.Equal([2, 1], _world.Server.GetData(Paths.Slot(0)));
        Assert.Equal(1, _world.Asked("Multi"));
        Assert.False(_usable[^1]);
        Assert.Equal(NamespaceCondition.Newer, Keeper.State.Condition);
        Assert.Single(_world.Log.Of(1403));

        // The newer fleet is gone.
        _world.Server.SetData(Paths.Config, Encoding.UTF8.GetBytes(NamespaceTree.Config));
        await TurnAsync(TimeSpan.FromMinutes(3));
        Assert.True(_usable[^1]);
        Assert.True(Ring(0).First > 1L << 40);
    }

    [Fact]
    public async Task A_config_that_cannot_be_read_is_left_to_an_administrator()
    {
        await WholeAsync();
        _world.Server.SetData(Paths.Config, [1, 2, 3]);
        _world.Server.SetData(Paths.Slot(0), [103]);
        await TurnAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(NamespaceCondition.Damaged, Keeper.State.Condition);
        Assert.Equal($"set {Paths.Config} '{NamespaceTree.Config}'", Keeper.State.Command);
        Assert.Equal([103], _world.Server.GetData(Paths.Slot(0)));
        Assert.Single(_world.Log.Of(1421));
    }

    [Fact]
    public async Task A_fleet_that_finds_it_deleted_at_once_creates_it_once()
    {
        _world.Gate.Members = 2;
        await WholeAsync();
        var creates = _world.Asked("Multi");
        using var stopping = new CancellationTokenSource();
        var damage = new LoopSignal(_world.Time);
        var other = Make(damage, new Slots(UnreadableSlots, _ => { }), _ => { });
        var working = other.RunAsync(_ => { }, stopping.Token);
        await TurnAsync(TimeSpan.FromSeconds(5), timers: 2);
        Assert.Equal(creates, _world.Asked("Multi"));

        DeleteAll();
        await DamagedAsync(_damage, damage);
        await TurnAsync(TimeSpan.FromSeconds(30), timers: 2);
        Assert.Equal(Whole, Below(Home));

        // Two processes that check within the same instant may both try, and one is refused.
        Assert.InRange(_world.Asked("Multi") - creates, 1, 2);
        await stopping.CancelAsync();
        await working;
    }

    [Fact]
    public async Task Each_look_tells_which_transaction_wrote_the_registry_and_which_slots_can_be_read_by_now()
    {
        List<long> seen = [];
        List<int> readable = [];
        Keeper = Make(_damage, new Slots(() => [3], readable.Add), seen.Add);
        _work = Keeper.RunAsync(_usable.Add, _stopping.Token);
        await TurnAsync(TimeSpan.FromSeconds(1));
        _world.Server.SetData(Paths.Rules, _world.Server.GetData(Paths.Rules));
        await TurnAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(2, seen.Distinct().Count());
        Assert.NotEmpty(readable);
        Assert.All(readable, slot => Assert.Equal(3, slot));
    }

    private NamespaceKeeper Keeper { get; set; } = null!;

    private void Start()
    {
        Keeper = Make(_damage, new Slots(UnreadableSlots, _ => { }), _ => { });
        _work = Keeper.RunAsync(_usable.Add, _stopping.Token);
    }

    private NamespaceKeeper Make(LoopSignal damage, Slots slots, Action<long> rulesSeen)
    {
        var lane = _world.Gate.Lane(EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited);
        return new NamespaceKeeper(
            new NamespaceTree(lane, Paths, ZNodeAcl.OpenToAll), lane, _world.Gate, Paths, _world.Clock, _world.Time, _world.Log,
            _ => Task.FromResult(Survey()),
            slots,
            damage,
            rulesSeen);
    }

    private IReadOnlyList<int> UnreadableSlots() =>
        [.. Enumerable.Range(0, 8).Where(slot =>
            _world.Server.GetData(Paths.Slot(slot)) is { } data && (!SlotRing.TryDecode(data, out var ring) || ring.IsNewer))];

    private async Task WholeAsync()
    {
        Start();
        await TurnAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(Whole, Below(Home));
    }

    // The clock waits until each process has received the event and checks.
    private async Task DamagedAsync(params LoopSignal[] signals)
    {
        foreach (var signal in signals)
        {
            var asked = _world.AskedAtAll;
            signal.Set();
            await Eventually.BecomesTrueAsync(() => _world.AskedAtAll > asked, "it looks");
        }
    }

    private Task TurnAsync(TimeSpan by, int timers = 1) => _world.TurnAsync(by, _work, timers);

    private RegistrySurvey Survey()
    {
        var found = new RulesItemContent(
            _carried is null ? RulesReading.Absent : new RulesReading(RulesFound.Set, 1, 1, 1, 0, RuleTranslation.Carry(_carried)),
            _carried,
            StopSet.None,
            default);
        return new RegistrySurvey(
            new RegistryDocument(RuleSet.Empty, StopSet.None, []),
            _isSilent ? [("server", found), ("silent-server", null)] : [("server", found)],
            new RegistryDocument(Carried(1), StopSet.None, []));
    }

    private static RuleSet Carried(long revision) => RuleSet.Create(revision, [new Rule("b", new KeyPattern("b:*")) { Since = 1 }], []);

    private RegistryDocument Registry()
    {
        Assert.True(RegistryDocument.TryRead(_world.Server.GetData(Paths.Rules), out var document, out _));
        return document;
    }

    private SlotRing Ring(int slot)
    {
        Assert.True(SlotRing.TryDecode(_world.Server.GetData(Paths.Slot(slot)), out var ring));
        return ring;
    }

    private IEnumerable<string> Below(string path) =>
        _world.Server.Paths().Where(other => other.StartsWith(path, StringComparison.Ordinal));

    private void DeleteAll()
    {
        foreach (var path in Below(Home).OrderByDescending(path => path.Length).ToArray())
        {
            _world.Server.Delete(path);
        }
    }

    private sealed class Slots(Func<IReadOnlyList<int>> unreadable, Action<int> reread) : IUnreadableSlots
    {
        public IReadOnlyList<int> Unreadable => unreadable();

        public void Reread(int slot) => reread(slot);
    }
}
