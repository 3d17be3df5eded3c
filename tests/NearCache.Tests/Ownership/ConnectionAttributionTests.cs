using System.Net;
using NearCache.Memcached;
using NearCache.Ownership;

namespace NearCache.Tests.Ownership;

public sealed class ConnectionAttributionTests
{
    private const string Server = "cache-1:11211";

    [Fact]
    public void Connections_that_are_reported_with_address_and_port_are_attributed_and_nothing_is_unaccounted()
    {
        var result = Of(["10.0.0.1:1001", "10.0.0.2:1001"], Process("a", "10.0.0.1:1001"), Process("b", "10.0.0.2:1001"));

        Assert.Equal((2, 2, 0, 0), (result.Expected, result.Seen, result.Unaccounted, result.Foreign));
        Assert.Equal(["a", "b"], result.Connections.Select(connection => connection.ReportedBy));
        Assert.Equal("cache-1:11211: 2 connections, expected 2, unaccounted 0.", result.ToString());
    }

    [Theory]
    [InlineData("tcp:0.0.0.0:11211", "conn_listening")]
    [InlineData("udp:0.0.0.0:11211", "conn_read")]
    [InlineData("udp6:[::]:11211", "conn_read")]
    [InlineData("unix:/run/memcached.sock", "conn_listening")]
    public void Listening_sockets_are_no_connections(string address, string state)
    {
        var listening = new MemcachedServerConnection
        {
            Id = 1,
            Address = address,
            ListenAddress = null,
            State = state,
            IdleTime = default,
        };
        Assert.Equal(0, ConnectionAttribution.Of(Server, [listening], []).Seen);
    }

    [Fact]
    public void Connections_of_no_reported_address_are_not_NearCaches()
    {
        string[] foreign = [.. Enumerable.Range(1, 50).Select(port => $"10.0.9.9:{port}")];
        var result = Of([.. foreign, "10.0.0.1:1001"], Process("a", "10.0.0.1:1001"));

        Assert.Equal((1, 51, 50, 50), (result.Expected, result.Seen, result.Unaccounted, result.Foreign));
        Assert.Equal((ConnectionOwnerKind.Foreign, "10.0.9.9", 50), Tell(result.Owners[0]));
        Assert.Equal(
            "cache-1:11211: 51 connections, expected 1, unaccounted 50, of them 50 from 10.0.9.9, not NearCache's.", result.ToString());
    }

    [Fact]
    public void Through_a_Unix_domain_socket_all_processes_are_candidates_for_a_connection_too_many()
    {
        ConnectionOwnership Owned(int seen) => ConnectionAttribution.Of(
            Server,
            [
                .. Enumerable.Range(0, seen).Select(id => new MemcachedServerConnection
                {
                    Id = id, Address = "unix:", ListenAddress = "unix:/run/memcached.sock", State = "conn_read", IdleTime = default,
                }),
            ],
            [Process("a") with { Expected = 1 }, Process("b") with { Expected = 2 }]);

        Assert.Equal((3, 0, 0, 0), (Owned(3).Expected, Owned(3).Unaccounted, Owned(3).Foreign, Owned(3).NotSeen.Count));
        var leaking = Owned(5);
        Assert.Equal((2, 0, 0), (leaking.Unaccounted, leaking.Foreign, leaking.NotSeen.Count));
        Assert.Equal(["a", "b"], Assert.Single(leaking.Owners).Processes.Select(process => process.Id));
        Assert.Equal(ConnectionOwnerKind.Address, leaking.Owners[0].Kind);
    }

    [Fact]
    public void A_leak_is_found_in_the_only_process_of_its_address()
    {
        var result = Of(
            ["10.0.0.1:1001", "10.0.0.1:1002", "10.0.0.1:1003", "10.0.0.2:1001"],
            Process("a", "10.0.0.1:1001"),
            Process("b", "10.0.0.2:1001"));

        Assert.Equal((2, 0), (result.Unaccounted, result.Foreign));
        Assert.Equal((ConnectionOwnerKind.Process, "10.0.0.1", 2), Tell(result.Owners[0]));
        Assert.Equal("a", Assert.Single(result.Owners[0].Processes).Id);
        Assert.Equal(["a", null, null, "b"], result.Connections.Select(connection => connection.ReportedBy));
        Assert.Equal(
            "cache-1:11211: 4 connections, expected 2, unaccounted 2, of them 2 from host-a (pid 7).", result.ToString());
    }

    [Fact]
    public void Processes_of_one_address_are_candidates_together()
    {
        var result = Of(["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"], Process("a", "10.0.0.1:1"), Process("b", "10.0.0.1:2"));

        var owner = Assert.Single(result.Owners);
        Assert.Equal((ConnectionOwnerKind.Address, "10.0.0.1", 1), Tell(owner));
        Assert.Equal(["a", "b"], owner.Processes.Select(process => process.Id));
    }

    // Each machine with containers has the same private network.
    [Fact]
    public void A_process_with_the_address_of_another_one_is_found_behind_its_node()
    {
        var kept = Of(["172.17.0.2:1001", "10.0.0.9:1002"], Process("a", "172.17.0.2:1001"), Process("b", "172.17.0.2:1002"));
        Assert.Equal((0, 0), (kept.Unaccounted, kept.Foreign));
        Assert.Equal(["a", "b"], kept.Connections.Select(connection => connection.ReportedBy));

        var changed = Of(
            ["172.17.0.2:1001", "10.0.0.9:7777"],
            Process("a", "172.17.0.2:1001"),
            Process("b", "172.17.0.2:1002") with { NodeAddresses = ["10.0.0.9"] });
        Assert.Equal((0, 0), (changed.Unaccounted, changed.Foreign));
        Assert.Equal(
            [(ConnectionOwnerKind.Node, "10.0.0.9", 0), (ConnectionOwnerKind.Process, "172.17.0.2", 0)], changed.Owners.Select(Tell));
    }

    [Fact]
    public void A_connection_that_was_replaced_since_the_report_is_accounted_for()
    {
        var result = Of(["10.0.0.1:2222"], Process("a", "10.0.0.1:1111"));
        Assert.Equal(0, result.Unaccounted);
        Assert.Null(result.Connections[0].ReportedBy);
    }

    [Fact]
    public void Behind_source_NAT_the_node_is_found_by_its_address_or_by_the_port_that_it_kept()
    {
        var byAddress = Of(
            ["192.168.0.9:40001", "192.168.0.9:40002"],
            Process("a", "10.0.0.1:1001") with { NodeAddresses = ["192.168.0.9"] },
            Process("b", "10.0.0.2:1001") with { NodeAddresses = ["192.168.0.9"] });
        Assert.Equal((ConnectionOwnerKind.Node, "192.168.0.9", 0), Tell(Assert.Single(byAddress.Owners)));

        var byPort = Of(["192.168.0.9:1001", "192.168.0.9:40002"], Process("a", "10.0.0.1:1001"));
        Assert.Equal((ConnectionOwnerKind.Node, "192.168.0.9", 1), Tell(Assert.Single(byPort.Owners)));
        Assert.Equal(["a", null], byPort.Connections.Select(connection => connection.ReportedBy));
        Assert.Equal("node n9 (host-a (pid 7))", byPort.Owners[0].ToString());
    }

    [Fact]
    public void An_address_that_may_stand_for_missing_connections_is_not_said_to_be_foreign()
    {
        var result = Of(["192.168.0.9:40001", "10.0.9.9:1", "10.0.9.9:2"], Process("a", "10.0.0.1:1001"));

        Assert.Equal(
            [(ConnectionOwnerKind.Foreign, "10.0.9.9", 2), (ConnectionOwnerKind.Unreported, "192.168.0.9", 0)], result.Owners.Select(Tell));
        Assert.Equal("a", Assert.Single(result.NotSeen).Id);
        Assert.Equal((2, 2), (result.Unaccounted, result.Foreign));
    }

    [Fact]
    public void Where_connections_are_not_listed_their_number_beyond_the_reports_is_unaccounted()
    {
        var result = ConnectionAttribution.Of(Server, 412, [Process("a", "10.0.0.1:1001")]);
        Assert.Equal(
            "cache-1:11211: 412 connections, expected 1, unaccounted 411 (the server does not list its connections).", result.ToString());
        Assert.Equal(0, ConnectionAttribution.Of(Server, 0, [Process("a", "10.0.0.1:1001")]).Unaccounted);
    }

    [Fact]
    public void A_paused_process_keeps_its_connections_and_a_killed_one_hides_none_of_others()
    {
        var paused = Process("a", "10.0.0.1:1001") with { IsSilent = true };
        var killed = Process("b", "10.0.0.2:1001", "10.0.0.2:1002") with { IsSilent = true };

        var result = Of(["10.0.0.1:1001", "10.0.0.2:1003", "10.0.0.2:1004"], paused, killed, Process("c", "10.0.0.2:1003"));

        Assert.Equal((2, 1, 0), (result.Expected, result.Unaccounted, result.Foreign));
        Assert.Equal(["a", "c", null], result.Connections.Select(connection => connection.ReportedBy));
        Assert.Equal((ConnectionOwnerKind.Process, "10.0.0.2", 1), Tell(result.Owners[0]));
        Assert.Empty(result.NotSeen);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_fleets_add_up(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            ReportedProcess[] processes = [.. Enumerable.Range(0, random.Next(6)).Select(number => Process(
                $"p{number}",
                [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"10.0.0.{random.Next(4)}:{1000 + random.Next(20)}")]) with
            {
                Expected = random.Next(4),
                NodeAddresses = random.Next(3) == 0 ? ["192.168.0.1"] : [],
                IsSilent = random.Next(4) == 0,
            })];
            string[] listed = [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(4) switch
            {
                0 => $"192.168.0.{random.Next(3)}:{1000 + random.Next(30)}",
                1 => $"172.16.0.{random.Next(3)}:{random.Next(65536)}",
                _ => $"10.0.0.{random.Next(4)}:{1000 + random.Next(25)}",
            })];

            var result = Of(listed, processes);

            Assert.Equal(listed.Length, result.Seen);
            Assert.Equal(listed.Length, result.Connections.Count);
            Assert.Equal(result.Seen, result.Owners.Sum(owner => owner.Seen));
            Assert.Equal(result.Unaccounted, result.Owners.Sum(owner => owner.Unaccounted));
            Assert.InRange(result.Unaccounted, Math.Max(0, result.Seen - result.Expected), result.Seen);
            Assert.InRange(result.Foreign, 0, result.Unaccounted);
            Assert.True(result.Owners.Sum(owner => owner.Expected) <= result.Expected);
        }
    }

    private static (ConnectionOwnerKind Kind, string Address, int Unaccounted) Tell(ConnectionOwner owner) =>
        (owner.Kind, owner.Address, owner.Unaccounted);

    private static ConnectionOwnership Of(string[] listed, params ReportedProcess[] processes) => ConnectionAttribution.Of(
        Server,
        [
            .. listed.Select((client, id) => new MemcachedServerConnection
            {
                Id = id,
                Address = $"tcp:{client}",
                Client = IPEndPoint.Parse(client),
                ListenAddress = "tcp:10.0.0.9:11211",
                State = "conn_read",
                IdleTime = TimeSpan.FromSeconds(id),
            }),
        ],
        processes);

    private static ReportedProcess Process(string id, params string[] connections) => new()
    {
        Owner = new OwningProcess { Id = id, Host = $"host-{id}", ProcessId = 7, Node = "n9" },
        Expected = connections.Length,
        Connections = [.. connections.Select(IPEndPoint.Parse)],
    };
}
