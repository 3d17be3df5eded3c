using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;

namespace NearCache.Tests.Coherence.Identity;

public sealed class IdentityRegisterTests
{
    private const string Name = "cache-1:11211";
    private static readonly string X = new('a', 32);
    private static readonly string Y = new('b', 32);
    private static readonly string Z = new('c', 32);

    private readonly List<IdentityConflict> _raised = [];
    private readonly List<IdentityConflict> _explained = [];
    private readonly List<string> _cleared = [];
    private readonly IdentityRegister _here;
    private readonly IdentityRegister _there;
    private Timestamps _now = new(1_000_000, 1_893_493_860_000);   // 2030-01-01 10:31 UTC
    private int _changes;

    public IdentityRegisterTests()
    {
        _here = new IdentityRegister(_ => _changes++, _raised.Add, _cleared.Add, _explained.Add);
        _there = new IdentityRegister();
    }

    [Fact]
    public void A_restart_is_no_conflict_however_often_and_is_told_to_others()
    {
        foreach (var id in new[] { X, X, Y, Y, Z })
        {
            Audit(_here, id);
            Tell(_here, _there);
            Audit(_there, id);
            Tell(_there, _here);
        }

        Assert.Empty(_raised);
        Assert.Equal(3, _changes);
        Assert.Equal([X, Y], _here.Knowledge(Name)!.Past.Select(past => past.Id));
    }

    [Fact]
    public void Two_processes_that_see_two_servers_find_out_by_what_the_other_says()
    {
        Audit(_here, X);
        Audit(_there, Y);
        Tell(_here, _there);
        Audit(_there, Y);
        Tell(_there, _here);
        Assert.Empty(_raised);

        Audit(_here, X);
        var conflict = Assert.Single(_raised);
        Assert.Equal(IdentityConflictKind.TwoServers, conflict.Kind);
        Assert.Contains($"{Name} is two servers", conflict.Text, StringComparison.Ordinal);

        // The other process finds out, too.
        Tell(_here, _there);
        Audit(_there, Y);
        Assert.Equal(IdentityConflictKind.TwoServers, Assert.Single(_there.Conflicts).Kind);
    }

    [Fact]
    public void What_another_process_says_of_before_a_restart_is_no_conflict()
    {
        Audit(_there, X);
        var stale = _there.Knowledge(Name)!;

        // The server restarts, and only this process sees it. Then the other one's knowledge arrives late.
        Audit(_here, Y);
        _here.Merge(Name, stale);
        Audit(_here, Y);
        Assert.Empty(_raised);
        Assert.Equal([Y], _here.Knowledge(Name)!.Current);
    }

    [Fact]
    public void A_reply_in_flight_proves_nothing()
    {
        Audit(_here, X);
        Audit(_there, X);
        var look = _here.Sending(Name);
        Audit(_there, Y);
        Tell(_there, _here);

        _here.Observe(Name, look, X, 100, 1, _now);
        Assert.Empty(_raised);
        _here.Observe(Name, _here.Sending(Name), X, 100, 1, _now);
        Assert.Single(_raised);
    }

    [Theory]
    [InlineData(90)]
    [InlineData(100)]
    [InlineData(110)]
    public void A_server_that_returns_after_a_fail_over_has_old_contents_whatever_its_total(long total)
    {
        Audit(_here, X, 100, connection: 1);
        Audit(_here, Y, 7, connection: 2);
        Audit(_here, X, total, connection: 3);
        var conflict = Assert.Single(_raised);
        Assert.Equal(IdentityConflictKind.OldContents, conflict.Kind);
        Assert.Contains("returned with contents of before 2030-01-01 10:31:00Z", conflict.Text, StringComparison.Ordinal);
        Assert.Contains("flush it", conflict.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_shows_a_lower_total_and_stays_known_when_the_total_has_grown()
    {
        Audit(_here, X, 200);
        Audit(_here, X, 150);
        Assert.Equal(IdentityConflictKind.OldContents, Assert.Single(_raised).Kind);

        Tell(_here, _there);
        Audit(_there, X, 1000);
        Assert.Equal(IdentityConflictKind.OldContents, Assert.Single(_there.Conflicts).Kind);
    }

    [Fact]
    public void A_process_that_starts_after_a_snapshot_was_restored_knows_the_total_from_others()
    {
        Audit(_there, X, 200);
        Tell(_there, _here);
        Audit(_here, X, 150);
        Assert.Equal(IdentityConflictKind.OldContents, Assert.Single(_raised).Kind);
    }

    [Fact]
    public void Totals_in_flight_prove_nothing()
    {
        var look = _here.Sending(Name);
        Audit(_here, X, 200);
        _here.Observe(Name, look, X, 150, 2, _now);
        Assert.Empty(_raised);
    }

    [Fact]
    public void One_server_behind_two_names_is_found()
    {
        Audit(_here, X, server: "a");
        Audit(_here, X, server: "b");
        Assert.Empty(_raised);
        Audit(_here, X, server: "a");
        Audit(_here, X, server: "b");
        Assert.Equal(["a", "b"], _raised.Select(conflict => conflict.Server).Order());
        Assert.All(_raised, conflict => Assert.Equal(IdentityConflictKind.SharedServer, conflict.Kind));
    }

    [Fact]
    public void A_name_that_moves_to_the_machine_of_another_is_no_conflict()
    {
        Audit(_here, X, server: "a");
        Audit(_here, Y, server: "b");
        Audit(_here, X, server: "b");
        Audit(_here, Z, server: "a");
        Audit(_here, X, server: "b");
        Audit(_here, Z, server: "a");
        Assert.Empty(_raised);
    }

    [Fact]
    public void A_conflict_is_over_when_a_flush_gave_a_new_identity_and_nothing_contradicted_for_some_minutes()
    {
        Audit(_here, X, connection: 1);
        Audit(_here, Y, connection: 2);
        Audit(_here, X, connection: 3);
        Assert.False(_here.MayConfirm(Name));

        Audit(_here, Z);
        _now = _now.Plus(IdentityRegister.QuietTime - 1);
        Audit(_here, Z);
        Assert.False(_here.MayConfirm(Name));
        _now = _now.Plus(1);
        Audit(_here, Z);
        Assert.True(_here.MayConfirm(Name));
        Assert.Equal([Name], _cleared);
        Assert.Single(_raised);
    }

    [Fact]
    public void A_probe_that_meets_the_other_server_shows_it_to_a_single_process()
    {
        Audit(_here, X, connection: 1);
        Audit(_here, Y, connection: 2);
        Audit(_here, X, connection: 1);
        Assert.Equal(IdentityConflictKind.TwoServers, Assert.Single(_raised).Kind);
    }

    // The gate closes at once; the error waits until it can say which case it is.
    [Fact]
    public void Old_contents_are_explained_once_after_they_were_examined()
    {
        Audit(_here, X, connection: 1);
        Audit(_here, Y, connection: 2);
        Audit(_here, X, connection: 3);
        _now = _now.Plus(IdentityRegister.ExaminationTime - 1);
        Audit(_here, X, connection: 3);
        Assert.True(_here.IsExamined(Name));
        Assert.False(_here.MayConfirm(Name));
        Assert.Empty(_explained);

        _now = _now.Plus(1);
        Audit(_here, X, connection: 3);
        Audit(_here, X, connection: 3);
        Assert.False(_here.IsExamined(Name));
        Assert.Equal(IdentityConflictKind.OldContents, Assert.Single(_explained).Kind);
    }

    [Fact]
    public void A_balancer_whose_connections_are_cut_is_explained_once_as_two_servers()
    {
        Audit(_here, X, connection: 1);
        Audit(_here, Y, connection: 2);
        Audit(_here, X, connection: 3);
        Assert.Equal(IdentityConflictKind.OldContents, Assert.Single(_raised).Kind);

        // A probe meets the other server, and further connections meet either.
        foreach (var (id, connection) in new[] { (Y, 4), (X, 3), (X, 5), (Y, 6) })
        {
            Audit(_here, id, connection: connection);
            _now = _now.Plus(IdentityRegister.ExaminationTime);
        }

        Assert.Equal(IdentityConflictKind.TwoServers, Assert.Single(_explained).Kind);
        Assert.Equal(IdentityConflictKind.TwoServers, Assert.Single(_here.Conflicts).Kind);
    }

    private static void Tell(IdentityRegister from, IdentityRegister to) => to.Merge(Name, from.Knowledge(Name)!);

    private void Audit(IdentityRegister register, string id, long total = 100, long connection = 1, string server = Name) =>
        register.Observe(server, register.Sending(server), id, total, connection, _now);
}
