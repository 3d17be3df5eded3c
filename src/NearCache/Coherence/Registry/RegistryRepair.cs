using System.Text;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Rules;

namespace NearCache.Coherence.Registry;

/// <summary>Decides the content of a missing registry: the one exception to "ZooKeeper is never overwritten from memcached".</summary>
/// <param name="Document">The content to create now; null for nothing.</param>
/// <param name="Problem">Why nothing is created; null if there is a document.</param>
/// <param name="Best">The newest known set, for an administrator that creates the registry by hand; null if there is none.</param>
internal sealed record RegistryRepair(RegistryDocument? Document, string? Problem, RuleSet? Best)
{
    /// <summary>How long a registry must have been missing before it is created from what is known elsewhere.</summary>
    public static readonly TimeSpan MinAbsence = TimeSpan.FromMinutes(5);

    /// <summary>The author of the edit.</summary>
    public const string Author = "repair";

    /// <summary>Decides by the newest set, the stops that any set has cleared, and all stops in force.</summary>
    /// <param name="survey">What is known of the rules. Every server must have replied, and each revision must have one content.</param>
    /// <param name="absentFor">How long the registry has been missing.</param>
    /// <param name="isNew">Whether the whole namespace is missing, too.</param>
    /// <param name="now">The time of the edit, for the history.</param>
    public static RegistryRepair Decide(RegistrySurvey survey, TimeSpan absentFor, bool isNew, DateTimeOffset now)
    {
        var known = survey.Known.Set.Revision > 0 ? survey.Known.Set : null;
        RuleSet[] sets = [.. survey.Servers.Select(server => server.Found?.Set).Append(known).OfType<RuleSet>()];
        var best = sets.MaxBy(set => set.Revision);
        string[] silent = [.. survey.Servers.Where(server => server.Found is null).Select(server => server.Server)];
        if (silent.Length > 0)
        {
            return new RegistryRepair(null, $"{string.Join(", ", silent)} do not answer, and may carry newer rules", best);
        }

        var first = survey.Servers.FirstOrDefault(server => server.Found is { Reading.Found: RulesFound.Unreadable });
        if (first is { Found: { } unreadable } one)
        {
            return new RegistryRepair(null, $"{one.Server} carries rules that cannot be read: {unreadable.Why.Reason}", best);
        }

        if (sets.GroupBy(set => set.Revision).FirstOrDefault(same => same.Any(set => !set.IsSame(same.First()))) is { } conflict)
        {
            return new RegistryRepair(null, $"revision {conflict.Key} of the rules has more than one content", best);
        }

        var mayWait = best is not null || (survey.Servers.Count == 0 && !isNew);
        if (mayWait && absentFor < MinAbsence)
        {
            return new RegistryRepair(null, $"it is created again when it has been absent for {MinAbsence.TotalMinutes:0} minutes", best);
        }

        if (best is null)
        {
            return new RegistryRepair(survey.Configured, null, null);
        }

        var next = best.Next(best.Rules, sets.SelectMany(set => set.Cleared));
        if (RuleSetMistakes.Of(next) is { Count: > 0 } mistakes)
        {
            return new RegistryRepair(null, string.Join(' ', mistakes), best);
        }

        var stops = survey.Servers.Aggregate(survey.Known.Stops, (union, server) => union.Union(server.Found!.Stops));
        var document = new RegistryDocument(best, stops, survey.Known.History)
            .Edited(
                next,
                Author,
                $"The registry was absent; revision {best.Revision} is the newest that this process and {survey.Servers.Count} memcached "
                    + "servers know.",
                now);
        return new RegistryRepair(document, null, best);
    }

    /// <summary>Returns the content for an administrator that creates the registry by hand.</summary>
    public static string ContentOf(RuleSet set) => Encoding.UTF8.GetString(new RegistryDocument(set, StopSet.None, []).Write());
}
