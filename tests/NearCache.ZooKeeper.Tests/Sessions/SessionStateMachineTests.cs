using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class SessionStateMachineTests
{
    private static readonly byte[] Password = [1, 2, 3];

    [Fact]
    public void The_first_connect_request_is_for_a_new_session_and_later_ones_are_for_the_same()
    {
        var core = NewCore();
        Assert.Equal(0, core.CreateConnectRequest().SessionId);
        Assert.Equal(16, core.CreateConnectRequest().Password.Length);

        Assert.Equal(ConnectOutcome.Created, core.OnConnectResponse(Response(7), Seconds(1)));
        core.OnReceived(Seconds(2), 99);
        core.OnDisconnected(Seconds(3));

        Assert.Equal((7, 99), (core.CreateConnectRequest().SessionId, core.CreateConnectRequest().LastZxid));
        Assert.Equal(Password, core.CreateConnectRequest().Password.ToArray());
        Assert.Equal(ConnectOutcome.Resumed, core.OnConnectResponse(Response(7), Seconds(4)));
    }

    [Fact]
    public void A_session_unknown_to_the_server_is_lost_and_a_new_one_can_be_requested()
    {
        var core = Connected();

        Assert.Equal(ConnectOutcome.Expired, core.OnConnectResponse(new ConnectResponse(0, 0, new byte[16], false), Seconds(1)));
        core.ResetSession();

        Assert.Equal(0, core.CreateConnectRequest().SessionId);
        Assert.Equal(ConnectOutcome.Rejected, core.OnConnectResponse(new ConnectResponse(0, 0, new byte[16], false), Seconds(1)));
        Assert.Equal(ConnectOutcome.Created, core.OnConnectResponse(Response(8), Seconds(2)));
    }

    [Fact]
    public void A_silent_server_gets_one_ping_and_is_then_disconnected()
    {
        var core = Connected();   // granted 9 s: silent for 3 s at most
        var steps = Enumerable.Range(1, 30).Select(tenth => core.OnTick(Seconds(tenth / 10.0))).ToArray();

        Assert.Equal(15, Array.IndexOf(steps, KeepAliveAction.Ping) + 1);
        Assert.Equal(30, Array.IndexOf(steps, KeepAliveAction.Disconnect) + 1);
        Assert.Single(steps, KeepAliveAction.Ping);
    }

    [Fact]
    public void A_server_that_sends_continuously_still_gets_pings()
    {
        var core = Connected();
        var pings = 0;
        for (var tenth = 1; tenth <= 90; tenth++)
        {
            core.OnReceived(Seconds(tenth / 10.0), 0);
            pings += core.OnTick(Seconds(tenth / 10.0)) == KeepAliveAction.Ping ? 1 : 0;
        }

        Assert.Equal(3, pings);
    }

    [Fact]
    public void A_pause_of_the_process_does_not_count_as_silence_of_the_server()
    {
        var core = Connected();
        core.OnTick(Seconds(0.2));

        Assert.NotEqual(KeepAliveAction.Disconnect, core.OnTick(Seconds(8)));
        Assert.Contains(KeepAliveAction.Disconnect, Enumerable.Range(1, 40).Select(tenth => core.OnTick(Seconds(8 + (tenth / 10.0)))));
    }

    [Fact]
    public void Delays_grow_up_to_a_fifth_of_the_session_timeout_however_long_there_is_no_server()
    {
        var core = Connected();
        var waits = new List<double>();
        for (var at = 10.0; at < 18; at += 1)
        {
            waits.Add(core.OnDisconnected(Seconds(at)).TotalSeconds);
        }

        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 1.8, 1.8, 1.8], waits.Select(wait => Math.Round(wait, 3)));

        // Without a quorum no session ends: it must be found in time when there is one again.
        Assert.Equal(1.8, core.OnDisconnected(Seconds(3600)).TotalSeconds);
        core.ResetSession();
        Assert.Equal(5, core.OnDisconnected(Seconds(3600)).TotalSeconds);
    }

    [Fact]
    public void A_session_that_is_closed_at_once_does_not_reset_the_backoff()
    {
        var core = Connected();
        core.OnDisconnected(Seconds(5));
        core.OnConnectResponse(Response(7), Seconds(6));
        Assert.Equal(0.2, core.OnDisconnected(Seconds(6.1)).TotalSeconds, 3);
        core.OnConnectResponse(Response(7), Seconds(7));
        Assert.Equal(0.1, core.OnDisconnected(Seconds(9)).TotalSeconds, 3);
    }

    [Fact]
    public void A_session_of_a_server_without_a_quorum_is_not_presented_to_other_servers()
    {
        var core = NewCore(allowReadOnly: true);
        core.OnConnectResponse(Response(5) with { ReadOnly = true }, Seconds(0));
        Assert.True(core.IsReadOnly);
        Assert.Equal(0, core.CreateConnectRequest().SessionId);

        core.OnConnectResponse(Response(6), Seconds(1));
        core.OnConnectResponse(Response(6) with { ReadOnly = true }, Seconds(2));
        Assert.Equal(6, core.CreateConnectRequest().SessionId);
    }

    [Fact]
    public void The_newest_transaction_never_decreases()
    {
        var core = Connected();
        core.OnReceived(Seconds(1), 50);
        core.OnReceived(Seconds(1), -1);
        core.OnReceived(Seconds(1), 0);
        core.OnReceived(Seconds(1), 49);
        core.ResetSession();

        Assert.Equal(50, core.LastZxid);
        core.ResetHistory();
        Assert.Equal((0, 0), (core.LastZxid, core.CreateConnectRequest().LastZxid));
    }

    private static SessionStateMachine NewCore(bool allowReadOnly = false) => new(
        new SessionTimeouts(TimeSpan.FromSeconds(10), null), new Backoff(
            TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 0, new Random(1)), allowReadOnly);

    private static SessionStateMachine Connected()
    {
        var core = NewCore();
        core.OnConnectResponse(Response(7), TimeSpan.Zero);
        return core;
    }

    private static ConnectResponse Response(long id) => new(9000, id, Password, false);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
