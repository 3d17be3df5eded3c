namespace NearCache.Memcached.Connections;

/// <summary>
/// Decides which ticks of a connection are ignored because the process spent them on JIT compilation: at most <paramref name="ticks"/> in
/// the connection's lifetime.
/// </summary>
internal sealed class JitAllowance(TimeSpan period, int ticks)
{
    private int _left = ticks;
    private TimeSpan _compiled;

    /// <summary>Returns whether the tick that ends now is ignored: at least half of it was spent on JIT compilation.</summary>
    /// <param name="compiled">The total JIT time of the process.</param>
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
