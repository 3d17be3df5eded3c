using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Which servers refuse the client's identity, and when each is tried again: after a long pause, while the others are tried as usual.
/// Thread-safe.
/// </summary>
/// <remarks>Each attempt may cost the ensemble a session, and only an administrator mends what is wrong.</remarks>
internal sealed class AuthenticationBackoff(Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(10);
    private const double Jitter = 0.5;

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<ServerAddress, (Backoff Pauses, TimeSpan Until)> _refusals = [];

    /// <summary>A server refused.</summary>
    public void RecordRefusal(ServerAddress server, TimeSpan now)
    {
        lock (_lock)
        {
            var pauses = _refusals.TryGetValue(server, out var refusal) ? refusal.Pauses : new Backoff(First, Most, Jitter, random);
            _refusals[server] = (pauses, now + pauses.Next());
        }
    }

    /// <summary>A server took it.</summary>
    public void RecordSuccess(ServerAddress server)
    {
        lock (_lock)
        {
            _refusals.Remove(server);
        }
    }

    /// <summary>Whether a server is left alone now.</summary>
    public bool IsPaused(ServerAddress server, TimeSpan now)
    {
        lock (_lock)
        {
            return _refusals.TryGetValue(server, out var refusal) && now < refusal.Until;
        }
    }

    /// <summary>How long to wait because all servers are left alone; zero if one is not.</summary>
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
