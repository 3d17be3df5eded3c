namespace NearCache.Coherence.Ensemble.Core;

/// <summary>The number of members that share the budgets of a namespace, as far as the counts are trustworthy.</summary>
/// <remarks>
/// Too low a number would let each process take the budget of many. So a rising count is accepted at once, and a fall by half or more,
/// which may be an accident among the member nodes, only after it has lasted. A new process may count before the others have joined, and
/// assumes many until its count has not fallen for a while. Not thread-safe.
/// </remarks>
/// <param name="startHold">How long the counts of a new process must not fall, in milliseconds.</param>
internal sealed class MemberEstimate(long startHold)
{
    /// <summary>The number that a new process assumes.</summary>
    public const int Assumed = 1000;

    /// <summary>How long the counts of a new process must not fall, in milliseconds.</summary>
    public const long StartHold = 120_000;

    /// <summary>How long a fall by half or more must last, in milliseconds.</summary>
    public const long FallHold = 300_000;

    private readonly Queue<(long At, int Count)> _counts = [];
    private long? _notFallenSince;
    private int _last;
    private bool _hasStarted;

    /// <summary>Gets the number in effect.</summary>
    public int Believed { get; private set; } = Assumed;

    /// <summary>Gets whether the number in effect has been counted; <see cref="Assumed"/> otherwise.</summary>
    public bool IsCounted => _hasStarted || Believed > Assumed;

    /// <summary>Records a count of the members.</summary>
    /// <returns>The number in effect: <see cref="Believed"/>.</returns>
    public int Counted(int count, long now)
    {
        count = Math.Max(count, 1);
        if (_notFallenSince is null || (!_hasStarted && count < _last))
        {
            _notFallenSince = now;
        }

        _last = count;
        _counts.Enqueue((now, count));
        while (_counts.Peek().At < now - FallHold)
        {
            _counts.Dequeue();
        }

        if (!_hasStarted && now - _notFallenSince >= startHold)
        {
            _hasStarted = true;
            Believed = count;
        }
        else if (count > Believed || (_hasStarted && 2 * count > _counts.Max(counted => counted.Count)))
        {
            Believed = count;
        }

        return Believed;
    }
}
