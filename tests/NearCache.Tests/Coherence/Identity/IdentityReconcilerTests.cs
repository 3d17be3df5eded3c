using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;

namespace NearCache.Tests.Coherence.Identity;

public sealed class IdentityReconcilerTests
{
    private static readonly string X = new('a', 32);
    private static readonly string Y = new('b', 32);
    private readonly Process _one = new("a,b");
    private readonly Process _two = new("a,b");
    private IdentityDocument _item = IdentityDocument.Empty;
    private long _now = 1_000_000;

    [Fact]
    public void A_process_writes_what_is_new_and_nothing_again()
    {
        _one.Audit("a", X);
        Assert.True(Exchange(_one));
        Assert.Equal([X], _item.Names["a"].Current);
        Assert.False(Exchange(_one));

        // Another process that knows the same writes nothing.
        _two.Audit("a", X);
        Assert.False(Exchange(_two));
        _two.Audit("a", Y);
        Assert.True(Exchange(_two));
        Assert.Equal([Y], _item.Names["a"].Current);
        Assert.Equal([X], _item.Names["a"].Past.Select(past => past.Id));
    }

    [Fact]
    public void Processes_with_another_placement_are_noticed_while_they_run()
    {
        var other = new Process("a,c");
        var noticed = new List<string?>();
        for (var i = 0; i < 20; i++)
        {
            Exchange(_one);
            Exchange(other);
            _now += 20_000;
            noticed.Add(_one.Reconciler.OtherPlacement(_now));
        }

        Assert.Equal("a,c", noticed[^1]);
        Assert.Null(noticed[0]);   // an item may be left of processes that have ended
        Assert.Equal("a,b", other.Reconciler.OtherPlacement(_now));

        for (var i = 0; i < 20; i++)
        {
            Exchange(_one);
            _now += 20_000;
        }

        Assert.Null(_one.Reconciler.OtherPlacement(_now));
        for (var i = 0; i < 60; i++)
        {
            Exchange(_one);
            _now += 20_000;
        }

        Assert.Equal(["a,b"], _item.Placements.Keys);
    }

    [Fact]
    public void A_fleet_raises_the_beat_of_its_placement_once()
    {
        var fleet = Enumerable.Range(0, 50).Select(_ => new Process("a,b")).ToArray();
        var writes = 0;
        for (var round = 0; round < 30; round++)
        {
            writes += fleet.Count(Exchange);
            _now += 20_000;
        }

        Assert.InRange(writes, 10, 16);   // ten minutes
    }

    // With a setting by which every address is a server, each restart of a pod brings a name that was never there.
    [Fact]
    public void Names_of_servers_that_were_replaced_leave_the_document_before_it_is_too_large()
    {
        var fresh = 0;
        for (var life = 0; life < 1500; life++)
        {
            var name = $"memcached-7f9c6d5b8-{life:x5}.memcached.shop.svc.cluster.local:11211";
            var process = new Process(name, [name]);
            process.Audit(name, $"{life:x32}", 1_893_493_860_000 + life);
            Assert.True(Exchange(process));
            Assert.InRange(_item.Encode().Length, 1, IdentityDocument.MaxBytes);
            Assert.Equal([$"{life:x32}"], _item.Names[name].Current);
            fresh = _item.Names.Count;
            _now += 10_000;
        }

        // The newest have stayed.
        Assert.InRange(fresh, 500, 1000);
        Assert.Contains(_item.Names.Keys, name => name.Contains($"-{1500 - fresh:x5}.", StringComparison.Ordinal));
    }

    [Fact]
    public void Many_servers_with_long_histories_fit_into_the_document()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(number => $"cache-{number}.example:11211")];
        var process = new Process("all", names);
        for (var life = 0; life < 40; life++)
        {
            foreach (var name in names)
            {
                process.Audit(name, $"{life:x16}{name.GetHashCode(StringComparison.Ordinal):x16}", 1_893_493_860_000 + life);
            }
        }

        Assert.True(Exchange(process));
        Assert.InRange(_item.Encode().Length, 1, IdentityDocument.MaxBytes);
        Assert.All(names, name => Assert.StartsWith($"{38:x16}", _item.Names[name].Past.MaxBy(past => past.Until).Id));
        Assert.False(Exchange(process));
    }

    [Fact]
    public void What_another_program_writes_is_forgotten_again()
    {
        var placements = new List<WeakReference>();
        for (var round = 0; round < 150; round++)
        {
            placements.AddRange(ExchangeWithForeign(round));
            _now += 20_000;
        }

        GC.Collect();
        Assert.InRange(placements.Take(placements.Count / 2).Count(placement => placement.IsAlive), 0, 10);
        Assert.InRange(_one.Current("a"), 1, 32);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] ExchangeWithForeign(int round)
    {
        string[] placements = [.. Enumerable.Range(0, 50).Select(number => $"placement {round} {number}")];
        _item = new IdentityDocument(
            new Dictionary<string, NameKnowledge>
            {
                ["a"] = new([.. Enumerable.Range(0, 100).Select(number => $"{(round * 100) + number:x32}")], [], 0, 0),
            },
            placements.ToDictionary(placement => placement, _ => 1L));
        Exchange(_one);
        return [.. placements.Select(placement => new WeakReference(placement))];
    }

    private bool Exchange(Process process)
    {
        if (process.Reconciler.Reconcile("item", _item, PlacementComparison.BeatEvery, _now) is not { } document)
        {
            return false;
        }

        _item = document;
        process.Reconciler.Stored("item", document, PlacementComparison.BeatEvery, _now);
        return true;
    }

    private sealed class Process
    {
        private readonly IdentityRegister _register = new();

        public Process(string placement, params string[] servers) =>
            Reconciler = new IdentityReconciler(_register, () => servers is [] ? ["a"] : servers, () => placement);

        public IdentityReconciler Reconciler { get; }

        public int Current(string server) => _register.Knowledge(server)!.Current.Count;

        public void Audit(string server, string id, long wall = 1_893_493_860_000) =>
            _register.Observe(server, _register.Sending(server), id, 100, 1, new Timestamps(1, wall));
    }
}
