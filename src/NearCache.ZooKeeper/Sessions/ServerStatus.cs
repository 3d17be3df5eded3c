using System.Globalization;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The status that a server reports to the four-letter word <c>srvr</c>.</summary>
/// <param name="State">Whether the server serves clients.</param>
/// <param name="Zxid">The newest transaction that the server knows; 0 if it does not serve.</param>
/// <param name="IsFollower">Whether the server gets transactions from another server, and may be behind it.</param>
/// <remarks>Source: https://zookeeper.apache.org/doc/r3.8.0/zookeeperAdmin.html, "The Four Letter Words".</remarks>
internal readonly record struct ServerStatus(ServingState State, long Zxid = 0, bool IsFollower = false)
{
    /// <summary>The four-letter word.</summary>
    public const string Command = "srvr";

    /// <summary>Parses a reply. An invalid reply becomes <see cref="ServingState.Unknown"/>.</summary>
    // Zxid: 0x100000003\nMode: leader\n…, or one line when there is no quorum, when the word is not allowed, or nothing at all.
    public static ServerStatus Read(string answer)
    {
        if (answer.Contains("not currently serving requests", StringComparison.Ordinal))
        {
            return new ServerStatus(ServingState.NotServing);
        }

        var mode = ValueOf(answer, "Mode:");
        var zxid = ValueOf(answer, "Zxid:");
        if (mode is "read-only")
        {
            return new ServerStatus(ServingState.NotServing);
        }

        return mode.Length > 0
            && zxid.StartsWith("0x", StringComparison.Ordinal)
            && long.TryParse(zxid[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
            ? new ServerStatus(ServingState.Serving, number, mode is not ("leader" or "standalone"))
            : default;
    }

    private static string ValueOf(string answer, string name)
    {
        foreach (var line in answer.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[name.Length..].Trim();
            }
        }

        return "";
    }
}

/// <summary>Specifies whether a server serves clients.</summary>
internal enum ServingState
{
    /// <summary>
    /// The server sent no valid reply: the command is not allowed, the server closes every connection, or it is unreachable.
    /// </summary>
    Unknown,

    /// <summary>The server has no quorum.</summary>
    NotServing,

    /// <summary>The server serves clients.</summary>
    Serving,
}
