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

        public Process(string placement) =>
            Reconciler = new IdentityReconciler(_register, () => ["a"], () => placement);

        public IdentityReconciler Reconciler { get; }

        public void Audit(string server, string id) =>
            _register.Observe(server, _register.Sending(server), id, 100, 1, new Timestamps(1, 1_893_493_860_000));
    }
}
