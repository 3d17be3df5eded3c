namespace NearCache.TestSupport.Memcached;

/// <summary>What a <see cref="FakeMemcached"/> does wrong from now on. Everything is off at first.</summary>
public sealed class FakeFaults
{
    /// <summary>Sends at most so many bytes by one write; 0 sends all at once.</summary>
    public int SplitEvery { get; set; }

    /// <summary>Waits so long, by the fake's clock, between two pieces of <see cref="SplitEvery"/>.</summary>
    public TimeSpan PieceDelay { get; set; }

    /// <summary>Waits so long, by the fake's clock, before each batch of replies.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Asked for each command (its line, without the line end); null does it right.</summary>
    public Func<string, FakeFault?>? OnCommand { get; set; }

    /// <summary>Sent to each new connection, which is then closed: for instance <see cref="TooManyConnections"/>.</summary>
    public byte[]? RefuseWith { get; set; }

    /// <summary>Accepts connections and never answers on them, not even the greeting.</summary>
    public bool IsSilent { get; set; }

    /// <summary>What memcached sends when it has as many connections as it allows.</summary>
    public static byte[] TooManyConnections { get; } = "ERROR Too many open connections\r\n"u8.ToArray();

    /// <summary>Does everything right again.</summary>
    public void Clear() => (SplitEvery, PieceDelay, Delay, OnCommand, RefuseWith, IsSilent) = (0, default, default, null, null, false);
}
