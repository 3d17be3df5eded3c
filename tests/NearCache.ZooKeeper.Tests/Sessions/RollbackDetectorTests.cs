using NearCache.Transport;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class RollbackDetectorTests
{
    private const long Seen = 0x500000010;
    private static readonly ServerStatus Behind = new(ServingState.Serving, 0x100000003, IsFollower: true);
    private static readonly ServerStatus Abreast = new(ServingState.Serving, Seen, IsFollower: true);
    private static readonly ServerStatus NoQuorum = new(ServingState.NotServing);
    private static readonly ServerStatus Silent = new(ServingState.Unknown);

    private readonly ServerAddress[] _servers = [.. Enumerable.Range(1, 3).Select(i => ServerAddress.Parse($"zk-{i}:2181"))];

    [Fact]
    public void Two_rounds_of_status_replies_prove_that_an_ensemble_was_wiped()
    {
        var simulation = new Simulation(_servers);

        Assert.Equal(TimeSpan.FromSeconds(30), simulation.Run(_ => (true, Behind)));
        Assert.Contains("3 of 3", simulation.Reason, StringComparison.Ordinal);
        Assert.Contains("0x100000003", simulation.Reason, StringComparison.Ordinal);
        Assert.Contains("0x500000010", simulation.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_of_three_servers_may_be_down_during_the_proof()
    {
        var decided = new Simulation(_servers).Run(server => server == _servers[1] ? (false, Silent) : (true, Behind));

        Assert.Equal(TimeSpan.FromSeconds(30), decided);
    }

    [Fact]
    public void A_lost_quorum_ends_no_session_however_long_it_lasts()
    {
        // The running server closes every connection; the others are down.
        Assert.Null(new Simulation(_servers).Run(server => server == _servers[0] ? (true, NoQuorum) : (false, Silent)));

        // All servers run but are partitioned from one another.
        Assert.Null(new Simulation(_servers).Run(_ => (true, NoQuorum)));

        // No server runs.
        Assert.Null(new Simulation(_servers).Run(_ => (false, Silent)));

        // One server is behind after an election.
        Assert.Null(new Simulation(_servers).Run(server => (true, server == _servers[0] ? Behind : NoQuorum)));
    }

    [Fact]
    public void Too_many_connections_of_a_machine_end_a_session_after_ten_minutes_and_a_random_part()
    {
        var times = Enumerable.Range(0, 200)
            .Select(seed => new Simulation(_servers, seed).Run(_ => (true, Silent))!.Value.TotalMinutes)
            .ToArray();

        Assert.All(times, minutes => Assert.InRange(minutes, 10, 15.1));
        Assert.True(times.Max() - times.Min() > 4, "A fleet is kept apart.");
    }

    [Fact]
    public void Time_ends_no_session_while_most_servers_report_their_status()
    {
        Assert.Null(new Simulation(_servers).Run(server => (true, server == _servers[0] ? Silent : Abreast)));
        Assert.NotNull(new Simulation(_servers).Run(server => (true, server == _servers[0] ? Abreast : Silent)));
    }

    [Fact]
    public void One_server_that_is_behind_proves_nothing()
    {
        Assert.Null(new Simulation(_servers).Run(server => (true, server == _servers[0] ? Behind : Abreast)));
        Assert.Null(new Simulation([_servers[0]]).Run(_ => (true, Behind)));
    }

    [Fact]
    public void A_single_server_that_is_no_follower_is_a_proof()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), new Simulation([_servers[0]]).Run(_ => (true, Behind with { IsFollower = false })));
    }

    [Fact]
    public void Servers_that_catch_up_between_two_rounds_are_no_proof()
    {
        var simulation = new Simulation(_servers);

        Assert.Null(simulation.Run(_ => (true, simulation.Round % 2 == 0 ? Behind : Abreast)));
        Assert.Null(simulation.Run(server => (true, (simulation.Round + Array.IndexOf(_servers, server)) % 2 == 0 ? Behind : NoQuorum)));
    }

    [Fact]
    public void A_majority_is_two_of_two_and_three_of_four()
    {
        var four = _servers.Append(ServerAddress.Parse("zk-4:2181")).ToArray();

        Assert.Null(new Simulation(_servers[..2]).Run(server => (true, server == _servers[0] ? Behind : NoQuorum)));
        Assert.Null(new Simulation(four).Run(server => (true, Array.IndexOf(four, server) < 2 ? Behind : NoQuorum)));
        Assert.NotNull(new Simulation(four).Run(server => (true, Array.IndexOf(four, server) < 3 ? Behind : NoQuorum)));
    }

    [Fact]
    public void A_server_that_was_not_tried_yet_may_open_the_session()
    {
        var detector = new RollbackDetector(new Random(1));
        detector.Reset(_servers);
        detector.RecordFailure(_servers[0], isRefusal: true, TimeSpan.Zero);
        detector.RecordFailure(_servers[1], isRefusal: true, TimeSpan.Zero);
        Assert.False(detector.ShouldQuery(Seen, TimeSpan.Zero));

        detector.RecordFailure(_servers[2], isRefusal: false, TimeSpan.Zero);
        Assert.True(detector.ShouldQuery(Seen, TimeSpan.Zero));
        Assert.False(detector.ShouldQuery(Seen, TimeSpan.FromSeconds(29)));
        Assert.True(detector.ShouldQuery(Seen, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_connection_discards_all_earlier_evidence()
    {
        var detector = new RollbackDetector(new Random(1));
        detector.Reset(_servers);
        for (var second = 0; second < 3600; second += 20)
        {
            var now = TimeSpan.FromSeconds(second);
            Array.ForEach(_servers, server => detector.RecordFailure(server, isRefusal: true, now));
            Assert.True(detector.ShouldQuery(Seen, now));
            Array.ForEach(_servers, server => detector.RecordStatus(server, Behind, Seen));
            Assert.Null(detector.Evaluate(Seen, now));
            detector.Reset(_servers);
            Assert.Null(detector.Evaluate(Seen, now));
        }
    }

    [Fact]
    public void A_client_that_has_seen_no_transaction_gives_no_session_up()
    {
        var detector = new RollbackDetector(new Random(1));
        detector.Reset(_servers);
        Array.ForEach(_servers, server => detector.RecordFailure(server, isRefusal: true, TimeSpan.Zero));

        Assert.False(detector.ShouldQuery(0, TimeSpan.FromHours(1)));
        Assert.Null(detector.Evaluate(0, TimeSpan.FromHours(1)));
    }

    [Theory]
    [InlineData("Zookeeper version: 3.8.0\nZxid: 0x10000001f\nMode: leader\nNode count: 5\n", ServingState.Serving, 0x10000001f, false)]
    [InlineData("Zxid: 0x0\nMode: standalone\n", ServingState.Serving, 0, false)]
    [InlineData("Zxid: 0xffffffff00000001\nMode: follower", ServingState.Serving, unchecked((long)0xffffffff00000001), true)]
    [InlineData("Zxid: 0x5\r\nMode: observer\r\n", ServingState.Serving, 5, true)]
    [InlineData("Zxid: 0x5\nMode: read-only\n", ServingState.NotServing, 0, false)]
    [InlineData("This ZooKeeper instance is not currently serving requests\n", ServingState.NotServing, 0, false)]
    [InlineData("srvr is not executed because it is not in the whitelist.\n", ServingState.Unknown, 0, false)]
    [InlineData("Zxid: 0x10000", ServingState.Unknown, 0, false)]
    [InlineData("Zxid: none\nMode: leader", ServingState.Unknown, 0, false)]
    [InlineData("HTTP/1.1 400 Bad Request", ServingState.Unknown, 0, false)]
    [InlineData("", ServingState.Unknown, 0, false)]
    public void A_status_reply_is_parsed(string answer, object standing, long zxid, bool follows) =>
        Assert.Equal(new ServerStatus((ServingState)standing, zxid, follows), ServerStatus.Read(answer));

    /// <summary>A client that tries one server per second, in turn, for two hours.</summary>
    private sealed class Simulation(ServerAddress[] servers, int seed = 1)
    {
        /// <summary>Gets the number of queries.</summary>
        public int Round { get; private set; }

        public string Reason { get; private set; } = "";

        /// <summary>Returns the time from the first query to the decision to give the session up; null if the session is kept.</summary>
        /// <param name="of">Returns whether a server refuses, and the status that it reports.</param>
        public TimeSpan? Run(Func<ServerAddress, (bool Refuses, ServerStatus Report)> of)
        {
            var detector = new RollbackDetector(new Random(seed));
            detector.Reset(servers);
            Round = 0;
            TimeSpan? first = null;
            for (var second = 0; second < 7200; second++)
            {
                var now = TimeSpan.FromSeconds(second);
                var server = servers[second % servers.Length];
                detector.RecordFailure(server, of(server).Refuses, now);
                if (detector.ShouldQuery(Seen, now))
                {
                    first ??= now;
                    foreach (var other in servers)
                    {
                        detector.RecordStatus(other, of(other).Report, Seen);
                    }

                    Round++;
                }

                if (detector.Evaluate(Seen, now) is { } reason)
                {
                    Reason = reason;
                    return now - first;
                }
            }

            return null;
        }
    }
}
