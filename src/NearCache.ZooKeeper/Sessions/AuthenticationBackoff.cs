using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Tracks the servers that refuse the client's identity, and pauses each of them for a long time while others are tried. Thread-safe.
/// </summary>
/// <remarks>An attempt may cost the ensemble a session, and only an administrator can correct the cause.</remarks>
internal sealed class AuthenticationBackoff(Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);
    private const double Jitter = 0.5;

    private readonly Lock _lock = new();   // guards _refusals
    private readonly Dictionary<ServerAddress, (Backoff Pauses, TimeSpan Until)> _refusals = [];

    /// <summary>Records that a server refused the identity.</summary>
    public void RecordRefusal(ServerAddress server, TimeSpan now)
    {
        lock (_lock)
        {
            var pauses = _refusals.TryGetValue(server, out var refusal) ? refusal.Pauses : new Backoff(First, MaxPause, Jitter, random);
            _refusals[server] = (pauses, now + pauses.Next());
        }
    }

    /// <summary>Records that a server accepted the identity.</summary>
    public void RecordSuccess(ServerAddress server)
    {
        lock (_lock)
        {
            _refusals.Remove(server);
        }
    }

    /// <summary>Returns whether a server is paused.</summary>
    public bool IsPaused(ServerAddress server, TimeSpan now)
    {
        lock (_lock)
        {
            return _refusals.TryGetValue(server, out var refusal) && now < refusal.Until;
        }
    }

    /// <summary>Returns the time until the first server may be tried again; zero if a server is not paused.</summary>
    public TimeSpan GetCommonPause(IReadOnlyList<ServerAddress> servers, TimeSpan now)
    {
        lock (_lock)
        {
            var first = TimeSpan.MaxValue;
            foreach (var server in servers)
            {
                if (!_refusals.TryGetValue(server, out var refusal) || now >= refusal.Until)
                {
                    return TimeSpan.Zero;
                }

                first = refusal.Until < first ? refusal.Until : first;
            }

            return first - now;
        }
    }
}
