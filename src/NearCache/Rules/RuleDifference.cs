using System.Collections.Immutable;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>A rule before and after an edit. A rule that gets another name is removed and added.</summary>
/// <param name="Before">The rule before the edit; null if the edit added it.</param>
/// <param name="After">The rule after the edit; null if the edit removed it.</param>
/// <param name="At">The place of a removed rule in the set, so that an undo restores the order; otherwise 0.</param>
internal sealed record RuleDifference(Rule? Before, Rule? After, int At)
{
    /// <summary>Gets the name of the rule.</summary>
    public string Name => (After ?? Before)!.Name;

    /// <summary>Returns the rules that differ: removed and changed ones in their order, then added ones in theirs.</summary>
    public static ImmutableArray<RuleDifference> Between(IReadOnlyList<Rule> before, IReadOnlyList<Rule> after)
    {
        var old = before.ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        var now = after.ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        var differences = ImmutableArray.CreateBuilder<RuleDifference>();
        for (var at = 0; at < before.Count; at++)
        {
            var rule = before[at];
            if (!now.TryGetValue(rule.Name, out var changed))
            {
                differences.Add(new RuleDifference(rule, null, at));
            }
            else if (!RuleSet.HaveSameSettings(rule, changed))
            {
                differences.Add(new RuleDifference(rule, changed, 0));
            }
        }

        differences.AddRange(after.Where(rule => !old.ContainsKey(rule.Name)).Select(rule => new RuleDifference(null, rule, 0)));
        return differences.ToImmutable();
    }

    /// <summary>Writes the difference.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (Before is not null)
        {
            writer.WritePropertyName("before"u8);
            RuleSetFormat.Write(writer, Before);
        }

        if (After is not null)
        {
            writer.WritePropertyName("after"u8);
            RuleSetFormat.Write(writer, After);
        }

        if (At > 0)
        {
            writer.WriteNumber("at"u8, At);
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote. Throws what <see cref="RuleSetFormat.IsUnreadable"/> accepts.</summary>
    public static RuleDifference Read(JsonElement element)
    {
        Rule? One(string name) => element.TryGetProperty(name, out var rule) ? RuleSetFormat.Read(rule) : null;
        var difference = new RuleDifference(
            One("before"), One("after"), element.TryGetProperty("at", out var at) ? Math.Max(at.GetInt32(), 0) : 0);
        return difference switch
        {
            { Before: null, After: null } => throw new FormatException("a change has no rule"),
            { Before: { } before, After: { } after } when before.Name != after.Name => throw new FormatException("a change has two rules"),
            _ => difference,
        };
    }
}
