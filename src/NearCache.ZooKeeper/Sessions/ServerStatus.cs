using System.Globalization;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>What a server says of itself when it is asked by the word <c>srvr</c>.</summary>
/// <param name="State">Whether it serves.</param>
/// <param name="Zxid">The newest transaction that it knows; 0 if it does not serve.</param>
/// <param name="IsFollower">It learns of transactions from another server, so it may be behind that one.</param>
/// <remarks>Source: https://zookeeper.apache.org/doc/r3.8.0/zookeeperAdmin.html, "The Four Letter Words".</remarks>
internal readonly record struct ServerStatus(ServingState State, long Zxid = 0, bool IsFollower = false)
{
    /// <summary>The word.</summary>
    public const string Command = "srvr";

    /// <summary>Reads an answer. What is no report is no answer.</summary>
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

/// <summary>Whether a server serves.</summary>
internal enum ServingState
{
    /// <summary>
    /// It gave no answer that can be read: the word is not allowed, or it closes every connection, or it cannot be reached.
    /// </summary>
    Unknown,

    /// <summary>It has no quorum.</summary>
    NotServing,

    /// <summary>It answers clients.</summary>
    Serving,
}
