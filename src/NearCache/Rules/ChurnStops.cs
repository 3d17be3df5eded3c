using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>
/// The stops that the churn breaker puts if only the registry is shared. A process that has seen the rule quiet ends them by an edit, and
/// the edits show how often that happened.
/// </summary>
internal static class ChurnStops
{
    /// <summary>The prefix of the id of such a stop. Other stops of the churn breaker wait for a person.</summary>
    public const string Prefix = "churn-";

    /// <summary>The prefix of the author of every stop and edit of the churn breaker.</summary>
    public const string Author = "churn breaker";

    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>Returns whether a stop ends by itself.</summary>
    public static bool Heals(Stop stop) => stop.Rule is not null && stop.Id.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Returns the reason of the edit that ends a stop.</summary>
    public static string Healed(string rule) => $"{rule}: its keys have been quiet";

    /// <summary>Returns how often stops of a rule ended by themselves within an hour. An edit by a person restarts the count.</summary>
    public static int CountHealed(ImmutableArray<RuleEdit> history, string rule, DateTimeOffset wall) => history
        .Reverse()
        .TakeWhile(edit => edit.Who.StartsWith(Author, StringComparison.Ordinal))
        .Count(edit => edit.Why == Healed(rule) && (wall - edit.When).Duration() < Memory);

    /// <summary>Creates the stop of a rule whose keys are written too fast.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="who">The name of this process.</param>
    /// <param name="why">The reason.</param>
    /// <param name="heals">Whether the stop ends by itself.</param>
    /// <param name="wall">The wall clock.</param>
    public static Stop Of(string rule, string who, string why, bool heals, DateTimeOffset wall)
    {
        var stop = Stop.Now(rule, $"{Author} of {who}", why, wall);
        return heals ? stop with { Id = Prefix + stop.Id } : stop;
    }
}
