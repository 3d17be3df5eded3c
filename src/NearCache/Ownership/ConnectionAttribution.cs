using System.Net;
using NearCache.Memcached;

namespace NearCache.Ownership;

/// <summary>Compares what a memcached server lists with what processes report. Deterministic.</summary>
internal static class ConnectionAttribution
{
    /// <summary>Attributes the connections of a server.</summary>
    /// <param name="server">The configured name of the server.</param>
    /// <param name="listed">The server's list of connections.</param>
    /// <param name="processes">The reports.</param>
    public static ConnectionOwnership Of(
        string server, IReadOnlyList<MemcachedServerConnection> listed, IReadOnlyList<ReportedProcess> processes)
    {
        var clients = listed.Where(connection => !connection.IsListening).Select(Client.Of).ToArray();
        var ends = clients.Select(client => client.EndPoint).OfType<IPEndPoint>().ToHashSet();
        processes = [.. processes.Select(process => process.IsSilent ? process.Only(ends) : process)];
        var byEndPoint = new Dictionary<IPEndPoint, ReportedProcess>();
        foreach (var process in processes)
        {
            foreach (var local in process.Connections)
            {
                byEndPoint.TryAdd(local, process);
            }
        }

        var known = new Addresses(processes, clients);
        var owners = clients.GroupBy(client => client.Address, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => OwnerOf(group.Key, [.. group], known))
            .ToArray();
        var kinds = owners.ToDictionary(owner => owner.Address, owner => owner.Kind, StringComparer.Ordinal);
        var seen = owners.SelectMany(owner => owner.Processes).Select(process => process.Id).ToHashSet();
        return new ConnectionOwnership
        {
            Server = server,
            IsListed = true,
            Expected = processes.Sum(process => process.Count),
            Seen = clients.Length,
            Unaccounted = owners.Sum(owner => owner.Unaccounted),
            Foreign = owners.Where(owner => owner.Kind == ConnectionOwnerKind.Foreign).Sum(owner => owner.Seen),
            Owners = [.. owners.OrderByDescending(owner => owner.Unaccounted).ThenBy(owner => owner.Address, StringComparer.Ordinal)],
            NotSeen =
            [
                .. processes.Where(process => process.Count > 0 && !seen.Contains(process.Owner.Id)).Select(process => process.Owner),
            ],
            Connections =
            [
                .. clients.Select(client => new AttributedConnection
                {
                    Address = client.Address,
                    Port = client.EndPoint?.Port ?? 0,
                    State = client.State,
                    IdleTime = client.IdleTime,
                    Kind = kinds[client.Address],
                    ReportedBy = client.EndPoint is { } end && byEndPoint.TryGetValue(end, out var process) ? process.Owner.Id
                        : known.ReportedBehind(client)?.Owner.Id,
                }),
            ],
        };
    }

    /// <summary>Attributes the connections of a server that tells only how many it has.</summary>
    public static ConnectionOwnership Of(string server, int count, IReadOnlyList<ReportedProcess> processes)
    {
        var expected = processes.Sum(process => process.Count);
        return new ConnectionOwnership
        {
            Server = server,
            IsListed = false,
            Expected = expected,
            Seen = count,
            Unaccounted = Math.Max(0, count - expected),
            Foreign = 0,
        };
    }

    private static ConnectionOwner OwnerOf(string address, Client[] clients, Addresses known)
    {
        var (kind, processes, expected) = known.OwnersOf(address, clients.Length);
        return new ConnectionOwner
        {
            Kind = kind,
            Address = address,
            Node = kind == ConnectionOwnerKind.Node
                ? processes.FirstOrDefault(process => process.Owner.Node is not null)?.Owner.Node
                : null,
            Processes = [.. processes.Select(process => process.Owner)],
            Expected = expected,
            Seen = clients.Length,
            LongestIdle = clients.Max(client => client.IdleTime),
        };
    }

    // A connection of a client. Its address is the key of its owner.
    private sealed record Client(string Address, IPEndPoint? EndPoint, string State, TimeSpan IdleTime)
    {
        public static Client Of(MemcachedServerConnection connection) => new(
            connection.Client?.Address.ToString() ?? connection.Address, connection.Client, connection.State, connection.IdleTime);
    }

    /// <summary>The processes by the address that the server sees: their own, or that of the node which translates it.</summary>
    private sealed class Addresses
    {
        private readonly Dictionary<string, Located> _own = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Located> _nodes = new(StringComparer.Ordinal);
        private readonly Dictionary<IPEndPoint, ReportedProcess> _behind = [];
        private int _missing;   // reported connections of processes of which the server lists none, from whatever address

        public Addresses(IReadOnlyList<ReportedProcess> processes, Client[] clients)
        {
            var listed = clients.Select(client => client.Address).ToHashSet(StringComparer.Ordinal);
            var ends = clients.Select(client => client.EndPoint).OfType<IPEndPoint>().ToHashSet();
            var unlisted = new List<ReportedProcess>();
            foreach (var process in processes)
            {
                if (process.Connections.Any(ends.Contains))
                {
                    LocateOwn(process);
                }
                else
                {
                    unlisted.Add(process);
                }
            }

            // Its address is translated, or its connections were replaced since its report. Two networks may have equal addresses, so a
            // process is behind a node, too, if every connection from its address is that of another process.
            var reported = processes.SelectMany(process => process.Connections).ToHashSet();
            var open = clients.Where(client => client.EndPoint is not { } end || !reported.Contains(end))
                .Select(client => client.Address)
                .ToHashSet(StringComparer.Ordinal);

            // Through a Unix domain socket all connections have one address, and processes report no end of theirs.
            var socket = Array.TrueForAll(clients, client => client.EndPoint is null) && listed.Count == 1 ? listed.First() : null;
            foreach (var process in unlisted)
            {
                if (socket is not null && process is { Count: > 0, Connections.Count: 0 })
                {
                    Locate(_own, socket, process, process.Count);
                }
                else if (!TryFindNode(process, clients, AddressesOf(process).Any(open.Contains) ? [] : listed))
                {
                    if (AddressesOf(process).Any(listed.Contains))
                    {
                        LocateOwn(process);
                    }
                    else
                    {
                        _missing += process.Count;
                    }
                }
            }
        }

        public (ConnectionOwnerKind Kind, IReadOnlyList<ReportedProcess> Processes, int Expected) OwnersOf(string address, int seen)
        {
            if (_own.TryGetValue(address, out var own))
            {
                return (own.Processes.Count == 1 ? ConnectionOwnerKind.Process : ConnectionOwnerKind.Address, own.Processes, own.Expected);
            }

            if (_nodes.TryGetValue(address, out var node))
            {
                return (ConnectionOwnerKind.Node, node.Processes, node.Expected);
            }

            if (seen > _missing)
            {
                return (ConnectionOwnerKind.Foreign, [], 0);
            }

            _missing -= seen;
            return (ConnectionOwnerKind.Unreported, [], seen);
        }

        public ReportedProcess? ReportedBehind(Client client) =>
            client.EndPoint is { } end ? _behind.GetValueOrDefault(end) : null;

        // The node has reported its address, or source NAT has kept the port, as it does where the port is free: one connection with the
        // port, from an address of no process, is the process's.
        private bool TryFindNode(ReportedProcess process, Client[] clients, HashSet<string> nodes)
        {
            var node = process.NodeAddresses.FirstOrDefault(address => nodes.Contains(address) && !_own.ContainsKey(address));
            foreach (var local in process.Connections)
            {
                var same = clients.Where(client => client.EndPoint?.Port == local.Port && !_own.ContainsKey(client.Address))
                    .Take(2)
                    .ToArray();
                if (same is [{ EndPoint: { } end } only] && (node ?? only.Address) == only.Address)
                {
                    _behind.TryAdd(end, process);
                    node = only.Address;
                }
            }

            if (node is not null)
            {
                Locate(_nodes, node, process, process.Count);
            }

            return node is not null;
        }

        private static IEnumerable<string> AddressesOf(ReportedProcess process) =>
            process.Connections.Select(local => local.Address.ToString());

        // Connections whose local ends are not reported are expected at the first address.
        private void LocateOwn(ReportedProcess process)
        {
            var others = process.Count - process.Connections.Count;
            foreach (var group in process.Connections.GroupBy(local => local.Address.ToString()))
            {
                Locate(_own, group.Key, process, group.Count() + others);
                others = 0;
            }
        }

        private static void Locate(Dictionary<string, Located> byAddress, string address, ReportedProcess process, int expected)
        {
            if (!byAddress.TryGetValue(address, out var located))
            {
                byAddress[address] = located = new Located();
            }

            located.Processes.Add(process);
            located.Expected += expected;
        }
    }

    private sealed class Located
    {
        public List<ReportedProcess> Processes { get; } = [];

        public int Expected { get; set; }
    }
}

/// <summary>What a process reports of its connections to one server.</summary>
internal sealed record ReportedProcess
{
    /// <summary>Gets the process.</summary>
    public required OwningProcess Owner { get; init; }

    /// <summary>Gets the number of its connections to the server, by its summary.</summary>
    public required int Expected { get; init; }

    /// <summary>Gets the local ends of these connections, as far as they are reported.</summary>
    public IReadOnlyList<IPEndPoint> Connections { get; init; } = [];

    /// <summary>Gets the number of its connections to the server, by all that it reports.</summary>
    public int Count => Math.Max(Expected, Connections.Count);

    /// <summary>Gets the addresses of its node; empty if it has not reported them.</summary>
    public IReadOnlyList<string> NodeAddresses { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether it reports no longer: it was killed, and has no connection, or is paused, and keeps those of its
    /// last report.
    /// </summary>
    public bool IsSilent { get; init; }

    /// <summary>Returns the process with those of its reported connections that a server lists.</summary>
    public ReportedProcess Only(IReadOnlySet<IPEndPoint> listed)
    {
        IPEndPoint[] left = [.. Connections.Where(listed.Contains)];
        return this with { Connections = left, Expected = left.Length };
    }
}
