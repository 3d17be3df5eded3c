using System.Diagnostics.CodeAnalysis;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The servers of a connection string, tried in turn, and its chroot. Thread-safe.</summary>
internal sealed class ServerList
{
    private const int DefaultPort = 2181;
    private readonly Lock _lock = new();   // guards _servers and _next
    private ServerAddress[] _servers;
    private int _next;

    private ServerList(ServerAddress[] servers, string chroot) => (_servers, Chroot) = (servers, chroot);

    /// <summary>Gets the chroot; empty if there is none.</summary>
    public string Chroot { get; }

    public int Count => All.Count;

    /// <summary>Gets every server once.</summary>
    public IReadOnlyList<ServerAddress> All
    {
        get
        {
            lock (_lock)
            {
                return _servers;
            }
        }
    }

    /// <summary>Parses "host:port,host:port/chroot".</summary>
    /// <param name="text">The connection string.</param>
    /// <param name="list">The servers and the chroot.</param>
    /// <param name="problem">A clause whose subject is the connection string.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerList? list, [NotNullWhen(false)] out string? problem)
    {
        (list, problem) = (null, null);
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "must be host:port,host:port/chroot, but is empty";
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var chroot = slash < 0 ? "" : text[slash..].Trim();
        if (chroot.Length > 0 && ZNodePath.FindProblem(chroot) is { } wrong)
        {
            problem = $"has the chroot '{chroot}', which {wrong}";
            return false;
        }

        var servers = new List<ServerAddress>();
        var mistakes = new List<string>();
        foreach (var part in (slash < 0 ? text : text[..slash]).Split(',', StringSplitOptions.TrimEntries))
        {
            if (ServerAddress.TryParse(part, DefaultPort, out var address, out var mistake))
            {
                servers.Add(address);
            }
            else
            {
                mistakes.Add($"'{part}', which {mistake}");
            }
        }

        if (mistakes.Count > 0)
        {
            problem = $"names {string.Join("; and ", mistakes)}";
            return false;
        }

        list = new ServerList([.. servers.DistinctBy(server => server.Identity)], chroot == "/" ? "" : chroot);
        return true;
    }

    /// <summary>Shuffles the servers, so that clients spread over them.</summary>
    public void Shuffle(Random random)
    {
        lock (_lock)
        {
            random.Shuffle(_servers);
        }
    }

    /// <summary>Returns the next server.</summary>
    public ServerAddress Next()
    {
        lock (_lock)
        {
            return _servers[_next++ % _servers.Length];
        }
    }

    /// <summary>Makes a server the next one.</summary>
    public void SetNext(ServerAddress server)
    {
        lock (_lock)
        {
            _next = Math.Max(0, Array.IndexOf(_servers, server));
        }
    }

    /// <summary>Makes the server that was returned last the next one again.</summary>
    public void RepeatLast()
    {
        lock (_lock)
        {
            _next = (_next + _servers.Length - 1) % _servers.Length;
        }
    }

    /// <summary>Replaces the servers by those of another list, in a random order.</summary>
    /// <param name="list">The other list.</param>
    /// <param name="connected">The connected server; null if there is none.</param>
    /// <param name="random">Spreads clients evenly, as described at <see cref="ChooseTarget"/>.</param>
    /// <returns>Whether the client must leave the connected server. The next server is then the one to connect to.</returns>
    public bool Replace(ServerList list, ServerAddress? connected, Random random)
    {
        lock (_lock)
        {
            ServerAddress[] servers = [.. list.All];
            random.Shuffle(servers);
            var target = connected is null ? null : ChooseTarget(_servers, servers, connected, random);
            (_servers, _next) = (servers, target is null ? 0 : Array.IndexOf(servers, target));
            return target is not null;
        }
    }

    /// <summary>
    /// Returns the server to which a client moves when the list changes; null if it stays. Clients stay spread evenly, and as few as
    /// possible move.
    /// </summary>
    /// <remarks>
    /// Before the change, each of n servers has 1/n of the clients. After it, each of m servers has 1/m. c servers are in both lists.
    /// </remarks>
    internal static ServerAddress? ChooseTarget(ServerAddress[] before, ServerAddress[] after, ServerAddress connected, Random random)
    {
        var kept = after.Intersect(before).ToArray();
        var added = after.Except(before).ToArray();
        double n = before.Length, m = after.Length, c = kept.Length;
        if (after.Contains(connected))
        {
            // A kept server has too many clients only if the list grew. Of its 1/n it passes everything above 1/m to the new servers.
            return added.Length > 0 && random.NextDouble() >= n / m ? added[random.Next(added.Length)] : null;
        }

        // The clients of removed servers fill the kept servers up to 1/m, and then the new ones.
        var toKept = added.Length == 0 ? 1 : kept.Length == 0 || m >= n ? 0 : c * (n - m) / (m * (n - c));
        var targets = random.NextDouble() < toKept ? kept : added;
        return targets[random.Next(targets.Length)];
    }
}
