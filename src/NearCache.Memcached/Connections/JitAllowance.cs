namespace NearCache.Memcached.Connections;

/// <summary>
/// Decides which ticks of a connection do not count, since the process spent them compiling itself: at most so many in the connection's
/// life.
/// </summary>
internal sealed class JitAllowance(TimeSpan period, int ticks)
{
    private int _left = ticks;
    private TimeSpan _compiled;

    /// <summary>Returns whether the tick that ends now does not count: at least half of it went into compiling.</summary>
    /// <param name="compiled">The time that the process has ever spent compiling.</param>
    public bool TryExcuse(TimeSpan compiled)
    {
        var within = compiled - _compiled;
        _compiled = compiled;
        if (_left == 0 || within < period / 2)
        {
            return false;
        }

        _left--;
        return true;
    }
}
