using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Rules;

namespace NearCache.Why;

/// <summary>Finds the reasons why reads of a key are not near hits, in the order in which a read would meet them.</summary>
internal sealed class MissFinding(
    RuleTable rules, RuleFinding finding, DiagnosedRule? rule, DiagnosedServer server, DiagnosedItem? item, NearFinding? near)
{
    /// <summary>Returns the reasons; none if the near entry may be served, or nothing prevents one.</summary>
    public IReadOnlyList<NearMiss> Find()
    {
        if (near is { Entry: { } entry } && entry.IsServable(near.Now))
        {
            return [];
        }

        if (OfRule() is { } ofRule)
        {
            return [ofRule];
        }

        NearMiss[] found = [.. OfServer(rule!), .. OfItem()];
        return found.Length > 0 || near is null ? found : [OfEntry(near)];
    }

    private static NearMiss Miss(NearMissCause cause, string text) => new() { Cause = cause, Text = text };

    private NearMiss? OfRule()
    {
        if (near is { KeepsNear: false })
        {
            return Miss(NearMissCause.NothingConfirms, "nothing is near over another remote without ZooKeeper, which would confirm it");
        }

        if (rules.IsUnreadable)
        {
            return Miss(
                NearMissCause.RulesUnknown, "the registry or a server holds rules that this process cannot read, so nothing is near");
        }

        if (rule is null)
        {
            return Miss(rules.Applied.Revision == 0 ? NearMissCause.RulesUnknown : NearMissCause.NoRule, finding.Reason);
        }

        if (rule.IsOn)
        {
            return null;
        }

        return Miss(
            NearMissCause.Stopped,
            finding.Stop is { } stop
                ? $"{(stop.Rule is null ? "near caching" : $"the rule {stop.Rule}")} is stopped by {stop.Who}: {stop.Why}"
                : $"the rule {rule.Name} is off");
    }

    private IEnumerable<NearMiss> OfServer(DiagnosedRule rule)
    {
        if (server.Problem is { } problem)
        {
            yield return Miss(NearMissCause.ServerDown, $"{server.Name} does not answer: {problem}");
        }

        if (near is not null && !server.IsServedNear)
        {
            var limit = $"MaxStaleness ({Durations.Of(rule.MaxStaleness)})";
            yield return Miss(
                NearMissCause.GateClosed,
                server.ConfirmedBefore is { } before
                    ? $"{server.Name} was last confirmed {Durations.Of(before)} ago, longer than {limit}"
                    : $"{server.Name} has never been confirmed");
        }

        switch (rule.FillsAfter)
        {
            case null when near is null && server.Problem is not null:
                // What the server carries was not read.
                break;
            case null:
                yield return Miss(NearMissCause.LeaseRunning, $"{server.Name} does not carry the rule {rule.Name} yet");
                break;
            case { Ticks: > 0 } wait:
                var left = near is null ? $"has not ended; it takes {Durations.Of(wait)} at most" : $"runs for {Durations.Of(wait)} more";
                yield return Miss(
                    NearMissCause.LeaseRunning,
                    $"the lease of the rule {rule.Name} on {server.Name} {left}: until then another process may write without being "
                        + "counted");
                break;
        }
    }

    private IEnumerable<NearMiss> OfItem()
    {
        switch (item)
        {
            case { Exists: false }:
                yield return Miss(NearMissCause.ItemAbsent, $"there is no item on {server.Name}");
                break;
            case { IsPlaceholder: true }:
                yield return Miss(NearMissCause.ItemAbsent, $"a process is filling the item on {server.Name}, which has no value yet");
                break;
            case { Content: null }:
                yield return Miss(
                    NearMissCause.ItemUnreadable,
                    $"the item belongs to another client or to a newer format (client flags {item.ClientFlags}), so every read of it is a "
                        + "miss");
                break;
            case { TimeToLive: { } left } when left <= TimeSpan.FromSeconds(1):
                yield return Miss(NearMissCause.ItemExpiring, $"the item ends in {Durations.OfSeconds(left)}, which is too soon");
                break;
        }
    }

    private static NearMiss OfEntry(NearFinding near)
    {
        if (near is { Entry: null, Writes: var writes } && writes is [{ HeardBefore: { } heard } last, ..])
        {
            var before = Durations.Of(heard);
            return Miss(
                NearMissCause.Voided,
                last.HeardBy == WriteHeardBy.Own
                    ? $"the write of this process voided it {before} ago, and no read has replaced it"
                    : $"the write of {last.Writer} voided it {before} ago, and no read has replaced it");
        }

        return near.Entry?.ReasonNotServed(near.Now) switch
        {
            "ended" => Miss(NearMissCause.Expired, "the near entry has expired, and no read has replaced it"),
            "rule" => Miss(NearMissCause.Voided, "the rule was switched off and on since the near entry was read"),
            "voided" => Miss(
                NearMissCause.Voided,
                "the segment of the key was flushed since the near entry was read: counted writes remained unexplained, or the server lost "
                    + "its items"),
            null => Miss(NearMissCause.NotRead, "no read has kept it near since this process started, or the entry was evicted"),
            _ => Miss(NearMissCause.NotRead, "a read is about to keep it near"),
        };
    }
}

/// <summary>What the near tier of this process has of a key.</summary>
/// <param name="Entry">The entry, servable or not; null if there is none.</param>
/// <param name="KeepsNear">Whether anything can be near in this process.</param>
/// <param name="Writes">The writes of the key, newest first.</param>
/// <param name="Now">The time of the diagnosis.</param>
internal sealed record NearFinding(NearEntry? Entry, bool KeepsNear, IReadOnlyList<DiagnosedWrite> Writes, Timestamps Now);
