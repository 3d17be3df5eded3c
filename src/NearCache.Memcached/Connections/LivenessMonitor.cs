namespace NearCache.Memcached.Connections;

/// <summary>The verdict of <see cref="LivenessMonitor"/>.</summary>
internal enum LivenessVerdict
{
    Healthy,

    /// <summary>The connection has been idle for long: probe the server.</summary>
    SendProbe,

    /// <summary>A reply is due, and nothing has arrived for the operation timeout.</summary>
    Dead,

    /// <summary>The oldest operation blocks others and advances too slowly.</summary>
    Stalled,
}

/// <summary>Decides, tick by tick, whether the server still lives, and whether one operation blocks the others.</summary>
/// <remarks>
/// An arriving byte is a sign of life. Sent bytes count only while the oldest operation is still being sent, such as a large value on a
/// slow line. Bytes of later operations do not count, since the system's buffer accepts small requests for a long time after the server has
/// stopped. The monitor counts ticks rather than time: a process that was suspended finds that one tick has passed, and does not blame the
/// server.
/// </remarks>
/// <param name="ticksUntilDead">The number of ticks without a sign of life while a reply is due.</param>
/// <param name="ticksUntilIdle">The number of ticks without a command in flight; zero disables probes.</param>
/// <param name="ticksUntilStalled">The number of ticks within which the oldest operation must advance by <see cref="StallBytes"/> once it
/// has begun to.</param>
internal sealed class LivenessMonitor(int ticksUntilDead, int ticksUntilIdle, int ticksUntilStalled)
{
    /// <summary>The number of bytes by which an operation that blocks others must advance.</summary>
    public const int StallBytes = 64 * 1024;

    private long _received;
    private long _sent;
    private int _silent;
    private int _idle;
    private long _oldest = -1;
    private long _moved;
    private int _slow;

    /// <summary>Records one tick and returns the verdict.</summary>
    /// <param name="received">The total number of bytes received.</param>
    /// <param name="sent">The total number of bytes sent.</param>
    /// <param name="oldest">The number of the oldest operation in flight.</param>
    /// <param name="oldestEnd">The position in the stream at which it ends; −1 if there is none.</param>
    /// <param name="isHeldUp">Whether other operations wait behind it, or no caller waits for it.</param>
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

    // Applies from the first byte of the operation; before that, silence decides.
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
