namespace NearCache.Rules;

/// <summary>Limits how often this process announces a write of a half-open rule: its share of the fleet's trial.</summary>
/// <param name="first">
/// The initial part of an announcement, from 0 to below 1. Random, so that not all processes of a fleet start with one.
/// </param>
/// <param name="startedAt">The monotonic millisecond of the start.</param>
internal sealed class TrialBudget(double first, long startedAt)
{
    private double _saved = first;
    private long _at = startedAt;

    /// <summary>Returns whether another announcement is due.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="members">How many processes share the trial.</param>
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
