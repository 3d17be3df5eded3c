namespace NearCache.Rules;

/// <summary>Who made a revision of the rules, and why.</summary>
/// <param name="Revision">The revision that it made.</param>
/// <param name="Who">Who or what.</param>
/// <param name="Why">Why.</param>
/// <param name="When">When, in UTC, by the clock of who made it.</param>
internal sealed record RuleEdit(long Revision, string Who, string Why, DateTimeOffset When)
{
    /// <summary>Members of its JSON that are not known here.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;
}
