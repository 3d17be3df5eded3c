using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>
/// The stops that the churn breaker puts where nothing is shared but the registry: they end by an edit of a process that has seen the rule
/// quiet, and the edits tell how often that was.
/// </summary>
internal static class ChurnStops
{
    /// <summary>What the id of such a stop begins with. Another stop of the churn breaker waits for a person.</summary>
    public const string Prefix = "churn-";

    /// <summary>What begins the author of every stop and edit of the churn breaker.</summary>
    public const string Author = "churn breaker";

    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>Does it end by itself?</summary>
    public static bool Heals(Stop stop) => stop.Rule is not null && stop.Id.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The reason of the edit that ends one.</summary>
    public static string Healed(string rule) => $"{rule}: its keys have been quiet";

    /// <summary>How often stops of a rule ended by themselves within an hour. An edit of a person begins the count anew.</summary>
    public static int CountHealed(ImmutableArray<RuleEdit> history, string rule, DateTimeOffset wall) => history
        .Reverse()
        .TakeWhile(edit => edit.Who.StartsWith(Author, StringComparison.Ordinal))
        .Count(edit => edit.Why == Healed(rule) && (wall - edit.When).Duration() < Memory);

    /// <summary>A rule whose keys were written too fast.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="who">This process.</param>
    /// <param name="why">The reason.</param>
    /// <param name="heals">Whether it ends by itself.</param>
    /// <param name="wall">The wall clock.</param>
    public static Stop Of(string rule, string who, string why, bool heals, DateTimeOffset wall)
    {
        var stop = Stop.Now(rule, $"{Author} of {who}", why, wall);
        return heals ? stop with { Id = Prefix + stop.Id } : stop;
    }
}
