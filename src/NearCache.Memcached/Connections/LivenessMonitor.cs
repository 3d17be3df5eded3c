namespace NearCache.Memcached.Connections;

/// <summary>What <see cref="LivenessMonitor"/> says.</summary>
internal enum LivenessVerdict
{
    Healthy,

    /// <summary>Idle for long: ask whether the server is there.</summary>
    SendProbe,

    /// <summary>Something is due, and nothing came for the operation timeout.</summary>
    Dead,

    /// <summary>The oldest operation holds up others, and too little of it moves.</summary>
    Stalled,
}

/// <summary>Decides, tick by tick, whether the other side still lives, and whether one operation holds up the others.</summary>
/// <remarks>
/// What counts as a sign of life is a byte that arrives. Bytes that leave count only while the oldest operation is still being sent: a
/// large value on a slow line. Those behind it do not, since the system's buffer would take small requests for a long time after the server
/// has stopped. Counting ticks, not time: a process that was itself suspended finds that one tick has passed, and does not blame the
/// server.
/// </remarks>
/// <param name="ticksUntilDead">Ticks without a sign of life, while something is due.</param>
/// <param name="ticksUntilIdle">Ticks without anything due; zero: never.</param>
/// <param name="ticksUntilStalled">
/// Ticks within which <see cref="StallBytes"/> of the oldest operation must move once it has begun to.
/// </param>
internal sealed class LivenessMonitor(int ticksUntilDead, int ticksUntilIdle, int ticksUntilStalled)
{
    /// <summary>What must move of an operation that holds up others.</summary>
    public const int StallBytes = 64 * 1024;

    private long _received;
    private long _sent;
    private int _silent;
    private int _idle;
    private long _oldest = -1;
    private long _moved;
    private int _slow;

    /// <summary>Says what to do now.</summary>
    /// <param name="received">Bytes that ever arrived.</param>
    /// <param name="sent">Bytes that ever left.</param>
    /// <param name="oldest">The number of the oldest operation that waits.</param>
    /// <param name="oldestEnd">The place in the stream where it ends; −1 when none waits.</param>
    /// <param name="isHeldUp">Whether something waits behind it, or no caller waits for it.</param>
    public LivenessVerdict Tick(long received, long sent, long oldest, long oldestEnd, bool isHeldUp)
    {
        var arrived = received != _received;
        var isBeingSent = oldestEnd > _sent && sent != _sent;
        (_received, _sent) = (received, sent);
        _silent = oldestEnd < 0 || arrived || isBeingSent ? 0 : _silent + 1;
        _idle = oldestEnd >= 0 || arrived ? 0 : _idle + 1;
        if (_silent > ticksUntilDead)
        {
            return LivenessVerdict.Dead;
        }

        if (IsSlow(received + Math.Min(sent, oldestEnd), oldestEnd < 0 ? -1 : oldest, arrived || isBeingSent) && isHeldUp)
        {
            return LivenessVerdict.Stalled;
        }

        if (ticksUntilIdle > 0 && _idle >= ticksUntilIdle)
        {
            _idle = 0;
            return LivenessVerdict.SendProbe;
        }

        return LivenessVerdict.Healthy;
    }

    // From its first byte on; until then silence decides.
    private bool IsSlow(long moved, long oldest, bool isMoving)
    {
        if (oldest < 0 || oldest != _oldest || moved - _moved >= StallBytes)
        {
            (_oldest, _moved, _slow) = (oldest, moved, 0);
            return false;
        }

        _slow += _slow > 0 || isMoving ? 1 : 0;
        return _slow > ticksUntilStalled;
    }
}
