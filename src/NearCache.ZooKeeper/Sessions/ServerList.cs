using System.Diagnostics.CodeAnalysis;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The servers of a connection string, tried in turn, and its chroot.</summary>
internal sealed class ServerList
{
    private const int DefaultPort = 2181;
    private readonly ServerAddress[] _servers;
    private int _next;

    private ServerList(ServerAddress[] servers, string chroot) => (_servers, Chroot) = (servers, chroot);

    /// <summary>The node that stands for the root; empty if none does.</summary>
    public string Chroot { get; }

    public int Count => _servers.Length;

    /// <summary>Reads "host:port,host:port/chroot"; <paramref name="problem"/> is a clause whose subject is the string.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerList? list, [NotNullWhen(false)] out string? problem)
    {
        (list, problem) = (null, null);
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "is empty: host:port,host:port/chroot would be right";
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var chroot = slash < 0 ? "" : text[slash..].Trim();
        if (chroot.Length > 0 && ZNodePath.Problem(chroot) is { } wrong)
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

        list = new ServerList([.. servers.Distinct()], chroot == "/" ? "" : chroot);
        return true;
    }

    /// <summary>Puts the servers in a random order, so that clients spread over them.</summary>
    public void Shuffle(Random random) => random.Shuffle(_servers);

    /// <summary>The server whose turn it is.</summary>
    public ServerAddress Next() => _servers[_next++ % _servers.Length];

    /// <summary>Makes this one the next: it was found to be the better one.</summary>
    public void Prefer(ServerAddress server) => _next = Math.Max(0, Array.IndexOf(_servers, server));

    /// <summary>Makes the one that was last returned the next again.</summary>
    public void Repeat() => _next = (_next + _servers.Length - 1) % _servers.Length;
}
