namespace NearCache.Coherence.Messages.Core;

/// <summary>
/// Decides by evidence whether a broker delivers: it does while this process's own messages come back. Counts the processes that it hears.
/// </summary>
/// <remarks>
/// Every message of this process comes back to it, so it serves as a probe; a process that announces nothing publishes probes. Each reaches
/// every process, so in a large fleet a process probes less often. Not thread-safe.
/// </remarks>
/// <param name="random">Spreads the probes of a fleet over time.</param>
internal sealed class DeliveryMonitor(Random random)
{
    /// <summary>The members that a new process assumes, so that it does not take the budget of many.</summary>
    public const int AssumedMembers = 1000;

    /// <summary>The shortest time between probes, in milliseconds.</summary>
    public const long LeastPeriod = 1000;

    /// <summary>The longest time that a message takes to come back, in milliseconds, while the broker delivers.</summary>
    public const long LongestReturn = 2000;

    /// <summary>
    /// The time without a returning message, in milliseconds, after which an open connection is given up: its queue may not be bound to the
    /// exchange any more. Longer than messages live in a queue by default, so that a slow broker is not made slower.
    /// </summary>
    public const long LongestSilence = 30_000;

    /// <summary>
    /// The most probes that all processes of a namespace publish in a second: so many processes probe once a second, more probe less often.
    /// </summary>
    public const int MostProbes = 64;

    // The probes that a broker delivers in a second to all processes of a namespace together.
    private const double ProbeDeliveries = 4000;
    private const int MaxSenders = 10_000;
    private const int Remembered = 128;
    private const int PeriodsOfPatience = 3;

    private readonly Dictionary<ulong, (long At, int Members)> _senders = [];
    private readonly (long Number, long At)[] _sent = new (long, long)[Remembered];
    private long? _firstReturnAt;
    private long? _returnedAt;
    private long? _awaitedSince;
    private long _blockedAt = long.MinValue / 2;
    private long _lastNumber = long.MinValue;
    private long _probeAt;

    /// <summary>Gets whether there is a connection.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Gets the number of members: as many as are heard, or as another member has heard.</summary>
    public int Members { get; private set; } = AssumedMembers;

    /// <summary>Gets the number of members that this process hears itself, for its messages.</summary>
    public int Heard => Math.Max(_senders.Count, 1);

    /// <summary>Gets the time from publishing the last message that came back to its return, in milliseconds.</summary>
    public long Delay { get; private set; }

    /// <summary>Gets the time from one probe to the next, in milliseconds, ± 10 %.</summary>
    public long Period => Math.Max(LeastPeriod, (long)(1000.0 * Heard * Heard / ProbeDeliveries));

    /// <summary>Gets the monotonic millisecond at which a probe is due, unless a message was published.</summary>
    public long ProbeAt => IsConnected ? _probeAt : long.MaxValue;

    /// <summary>Records a connection. The first probe is due at once; after a reconnect of a large fleet, within a period.</summary>
    public void Connected(long now)
    {
        IsConnected = true;
        (_returnedAt, _awaitedSince) = (null, null);
        _probeAt = now + random.NextInt64(Period - LeastPeriod + 1);
    }

    /// <summary>Records that the connection has ended.</summary>
    public void Disconnected() => IsConnected = false;

    /// <summary>Records that the broker accepts no messages for now.</summary>
    public void Blocked(long now) => _blockedAt = now;

    /// <summary>Records that a message of this process is published.</summary>
    public void Sent(long number, long now)
    {
        _sent[(int)((ulong)number % Remembered)] = (number, now);
        _lastNumber = number;
        _awaitedSince ??= now;
        _probeAt = now + (long)(Period * (0.9 + (0.2 * random.NextDouble())));
        Recount(now);
    }

    /// <summary>Records that a message of this process came back. Returns false if it did not publish such a message lately.</summary>
    public bool Returned(ulong self, long number, long now)
    {
        var (known, at) = _sent[(int)((ulong)number % Remembered)];
        if (!IsConnected || known != number)
        {
            return false;
        }

        Delay = Math.Max(now - at, 0);
        _returnedAt = now;
        _firstReturnAt ??= now;

        // Messages of one process keep their order, so those before this one have come back or are lost.
        var next = _sent[(int)((ulong)(number + 1) % Remembered)];
        _awaitedSince = number >= _lastNumber ? null : next.Number == number + 1 ? next.At : now;
        Note(self, 0, now);
        return true;
    }

    /// <summary>Records a message of another member, and how many members that has heard.</summary>
    public void HeardFrom(ulong sender, int members, long now) => Note(sender, Math.Min(members, MaxSenders), now);

    /// <summary>Returns whether announcements of other processes arrive.</summary>
    public bool IsDelivering(long now) =>
        IsConnected
        && _returnedAt is { } at
        && now - at <= (PeriodsOfPatience * Period) + LongestReturn
        && !(now - _awaitedSince > LongestReturn);

    /// <summary>Returns whether the open connection is of no use, so that a new one is to replace it.</summary>
    public bool IsLost(long now) => IsConnected && now - _awaitedSince > LongestSilence && now - _blockedAt > LongestSilence;

    /// <summary>Describes why the broker does not deliver, as a clause.</summary>
    public string Describe(long now) =>
        !IsConnected ? "it is not connected"
        : _returnedAt is null ? "no message of this process has come back yet"
        : now - _awaitedSince > LongestReturn ? $"a message of this process has not come back for {(now - _awaitedSince) / 1000} s"
        : $"the last message of this process came back {(now - _returnedAt) / 1000} s ago";

    private void Note(ulong sender, int members, long now)
    {
        if (_senders.ContainsKey(sender) || _senders.Count < MaxSenders)
        {
            _senders[sender] = (now, members);
        }
    }

    // Also called while nothing is heard: each probe counts again.
    private void Recount(long now)
    {
        var oldest = now - (PeriodsOfPatience * Period) - LeastPeriod;
        foreach (var (sender, last) in _senders)
        {
            if (last.At < oldest)
            {
                _senders.Remove(sender);
            }
        }

        // All processes have probed once within a period.
        if (_firstReturnAt is { } first && now - first > LeastPeriod * 2)
        {
            Members = Math.Max(Heard, _senders.Count == 0 ? 0 : _senders.Values.Max(last => last.Members));
        }
    }
}
