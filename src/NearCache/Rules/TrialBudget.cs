namespace NearCache.Rules;

/// <summary>How often this process may announce a write of a rule that is half-open: its share of what the whole fleet may.</summary>
/// <param name="first">
/// Which part of an announcement is saved up at the start, from 0 to below 1: random, so that the processes of a fleet do not all begin
/// with one.
/// </param>
/// <param name="startedAt">The monotonic millisecond.</param>
internal sealed class TrialBudget(double first, long startedAt)
{
    private double _saved = first;
    private long _at = startedAt;

    /// <summary>Is another announcement due?</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="members">How many processes share what the fleet may.</param>
    public bool IsDue(long now, int members)
    {
        _saved += ChurnBreaker.TrialRate * (now - _at) / 1000 / Math.Max(members, 1);
        _at = now;
        if (_saved < 1)
        {
            return false;
        }

        _saved = Math.Min(_saved - 1, 1);
        return true;
    }
}
