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
    public void An_ensemble_that_was_wiped_is_proven_by_two_rounds_of_answers()
    {
        var story = new Story(_servers);

        Assert.Equal(TimeSpan.FromSeconds(30), story.Run(_ => (true, Behind)));
        Assert.Contains("3 of 3", story.Reason, StringComparison.Ordinal);
        Assert.Contains("0x100000003", story.Reason, StringComparison.Ordinal);
        Assert.Contains("0x500000010", story.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_of_three_may_be_dead_for_that()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), new Story(_servers).Run(server => server == _servers[1] ? (false, Silent) : (true, Behind)));
    }

    [Fact]
    public void A_lost_quorum_ends_no_session_however_long_it_lasts()
    {
        // The one that runs closes every connection; the others are gone.
        Assert.Null(new Story(_servers).Run(server => server == _servers[0] ? (true, NoQuorum) : (false, Silent)));

        // All run, and do not see one another.
        Assert.Null(new Story(_servers).Run(_ => (true, NoQuorum)));

        // None runs.
        Assert.Null(new Story(_servers).Run(_ => (false, Silent)));

        // An election after which one is behind.
        Assert.Null(new Story(_servers).Run(server => (true, server == _servers[0] ? Behind : NoQuorum)));
    }

    [Fact]
    public void Too_many_connections_of_a_machine_end_it_after_ten_minutes_and_a_random_part()
    {
        var times = Enumerable.Range(0, 200)
            .Select(seed => new Story(_servers, seed).Run(_ => (true, Silent))!.Value.TotalMinutes)
            .ToArray();

        Assert.All(times, minutes => Assert.InRange(minutes, 10, 15.1));
        Assert.True(times.Max() - times.Min() > 4, "A fleet is kept apart.");
    }

    [Fact]
    public void As_long_as_most_servers_say_what_they_know_time_ends_nothing()
    {
        Assert.Null(new Story(_servers).Run(server => (true, server == _servers[0] ? Silent : Abreast)));
        Assert.NotNull(new Story(_servers).Run(server => (true, server == _servers[0] ? Abreast : Silent)));
    }

    [Fact]
    public void One_server_that_is_behind_proves_nothing()
    {
        Assert.Null(new Story(_servers).Run(server => (true, server == _servers[0] ? Behind : Abreast)));
        Assert.Null(new Story([_servers[0]]).Run(_ => (true, Behind)));
    }

    [Fact]
    public void A_list_of_one_is_proven_by_a_server_that_follows_none()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), new Story([_servers[0]]).Run(_ => (true, Behind with { IsFollower = false })));
    }

    [Fact]
    public void Servers_that_catch_up_between_two_rounds_prove_nothing()
    {
        var story = new Story(_servers);

        Assert.Null(story.Run(_ => (true, story.Round % 2 == 0 ? Behind : Abreast)));
        Assert.Null(story.Run(server => (true, (story.Round + Array.IndexOf(_servers, server)) % 2 == 0 ? Behind : NoQuorum)));
    }

    [Fact]
    public void A_majority_takes_two_of_two_and_three_of_four()
    {
        var four = _servers.Append(ServerAddress.Parse("zk-4:2181")).ToArray();

        Assert.Null(new Story(_servers[..2]).Run(server => (true, server == _servers[0] ? Behind : NoQuorum)));
        Assert.Null(new Story(four).Run(server => (true, Array.IndexOf(four, server) < 2 ? Behind : NoQuorum)));
        Assert.NotNull(new Story(four).Run(server => (true, Array.IndexOf(four, server) < 3 ? Behind : NoQuorum)));
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
    public void A_connection_in_between_makes_all_that_was_found_void()
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
    public void Who_has_seen_nothing_has_nothing_to_give_up()
    {
        var detector = new RollbackDetector(new Random(1));
        detector.Reset(_servers);
        Array.ForEach(_servers, server => detector.RecordFailure(server, isRefusal: true, TimeSpan.Zero));

        Assert.False(detector.ShouldQuery(0, TimeSpan.FromHours(1)));
        Assert.Null(detector.Evaluate(0, TimeSpan.FromHours(1)));
    }

    [Theory]
    [InlineData("Zookeeper version: 3.8.0\nReceived: 1\nZxid: 0x10000001f\nMode: leader\nNode count: 5\n", ServingState.Serving, 0x10000001f, false)]
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
    public void A_report_is_read(string answer, object standing, long zxid, bool follows) =>
        Assert.Equal(new ServerStatus((ServingState)standing, zxid, follows), ServerStatus.Read(answer));

    /// <summary>A client that tries its servers in turn, one a second, for two hours.</summary>
    private sealed class Story(ServerAddress[] servers, int seed = 1)
    {
        /// <summary>How often the servers were asked.</summary>
        public int Round { get; private set; }

        public string Reason { get; private set; } = "";

        /// <summary>
        /// When the session is given up, counted from the first question to the servers, or from the last refusal that was missing; null:
        /// never.
        /// </summary>
        /// <param name="of">Whether a server refuses, and what it answers.</param>
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
