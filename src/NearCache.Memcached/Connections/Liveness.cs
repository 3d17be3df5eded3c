namespace NearCache.Memcached.Connections;

/// <summary>Decides, tick by tick, whether the other side still lives.</summary>
/// <remarks>
/// What counts as a sign of life is a byte that arrives. Bytes that leave count only while the oldest operation is still being sent: a large value on a slow
/// line. Those behind it do not, since the system's buffer would take small requests for a long time after the server has stopped.
/// Counting ticks, not time: a process that was itself suspended finds that one tick has passed, and does not blame the server.
/// </remarks>
internal sealed class Liveness(int ticksUntilDead, int ticksUntilIdle)
{
    private long _received;
    private long _sent;
    private int _silent;
    private int _idle;

    /// <summary>Says what to do now.</summary>
    /// <param name="received">Bytes that ever arrived.</param>
    /// <param name="sent">Bytes that ever left.</param>
    /// <param name="oldestEnd">The place in the stream where the oldest operation that waits ends; −1 when none waits.</param>
    public LivenessVerdict Tick(long received, long sent, long oldestEnd)
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

        if (ticksUntilIdle > 0 && _idle >= ticksUntilIdle)
        {
            _idle = 0;
            return LivenessVerdict.Ask;
        }

        return LivenessVerdict.Fine;
    }
}
