using NearCache.Remote.Formats;
using NearCache.Rules;

namespace NearCache.Why;

/// <summary>What a reader of a diagnosis has to know beside the reasons of misses.</summary>
internal static class DiagnosisNotes
{
    /// <summary>Returns the notes.</summary>
    /// <param name="isHashed">Whether the key is stored under the name with its hash.</param>
    /// <param name="rule">The rule of the key; null if there is none.</param>
    /// <param name="item">The item; null if it was not read.</param>
    public static IEnumerable<string> Of(bool isHashed, ActiveRule? rule, DiagnosedItem? item)
    {
        if (isHashed)
        {
            yield return "The key is too long for memcached, so the name with its hash stands for it everywhere";
        }

        if (item is { Exists: true, Content: ValueTranscoder.NullDescription })
        {
            yield return "The item is a null: reads return it as a value, and no factory runs until it ends";
        }

        if (rule is { Circuit: { State: not ChurnBreakerState.Closed } circuit })
        {
            yield return $"The churn breaker has suspended the announcements of the rule {rule.Name} ({circuit.Who}: {circuit.Why}): other "
                + "processes hear of a write by their audits, in one to three seconds";
        }
    }
}
