namespace NearCache.Coherence.Ensemble.Core;

/// <summary>How many members share the budgets of a namespace, as far as counts of them can be believed.</summary>
/// <remarks>
/// Too few would let each process take the budget of many, so a count that rises is believed at once. One that falls by half or more may be
/// an accident among the member nodes, and is believed when it has lasted. A process that has just started may count before the others have
/// joined: it assumes many until its count has not fallen for a while. One caller at a time.
/// </remarks>
/// <param name="startPatience">How long the counts of a process that has just started must not fall, in milliseconds.</param>
internal sealed class MemberEstimate(long startPatience)
{
    /// <summary>Assumed by a process that has just started.</summary>
    public const int Assumed = 1000;

    /// <summary>How long the counts of a process that has just started must not fall, in milliseconds.</summary>
    public const long StartPatience = 120_000;

    /// <summary>How long a fall by half or more must last, in milliseconds.</summary>
    public const long FallPatience = 300_000;

    private readonly Queue<(long At, int Count)> _counts = [];
    private long? _notFallenSince;
    private int _last;
    private bool _hasStarted;

    /// <summary>The number to go by.</summary>
    public int Believed { get; private set; } = Assumed;

    /// <summary>The members were counted.</summary>
    /// <returns><see cref="Believed"/>.</returns>
    public int Counted(int count, long now)
    {
        count = Math.Max(count, 1);
        if (_notFallenSince is null || (!_hasStarted && count < _last))
        {
            _notFallenSince = now;
        }

        _last = count;
        _counts.Enqueue((now, count));
        while (_counts.Peek().At < now - FallPatience)
        {
            _counts.Dequeue();
        }

        if (!_hasStarted && now - _notFallenSince >= startPatience)
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
