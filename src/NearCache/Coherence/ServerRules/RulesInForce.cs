using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// Decides which rules and stops are in force in this process, by the registry, the servers and the configuration. Informs the servers and
/// the watchers.
/// </summary>
/// <remarks>Requires a lock of its owner. <see cref="Watch"/> is thread-safe.</remarks>
/// <param name="table">Holds the rules in force.</param>
/// <param name="configured">The rules of the configuration. No rule is in force until the registry or a server has been read.</param>
/// <param name="servers">The servers to inform.</param>
/// <param name="registry">Signaled when the stops change, since the registry may lack them.</param>
/// <param name="lines">The limit of log lines about changes from outside of this process.</param>
/// <param name="keyPrefix">The key prefix of the cache. Rules are written without it.</param>
internal sealed class RulesInForce(
    RuleTable table,
    ConfiguredRules configured,
    RulesOnServers servers,
    RegistrySignal registry,
    NearClock clock,
    ILogger logger,
    LogBudget lines,
    string keyPrefix = "",
    bool hasCounters = true)
{
    private const string Registry = "the registry";

    // Each advice is remembered, so that it is logged once. More than any configuration needs.
    private const int MaxAdvised = 1000;

    private readonly HashSet<string> _unreadable = [];
    private ImmutableArray<RuleEdit> _history = [];
    private readonly HashSet<(string Name, string Match)> _advised = [];
    private long _highestSeen;
    private bool _wasCompared;
    private bool _hasApplied;

    /// <summary>Gets the rules and stops for readers and watchers.</summary>
    public RegistryWatch Watch { get; } = new();

    /// <summary>Gets what this process knows, as a registry would hold it.</summary>
    public RegistryDocument Document => new(table.Applied, table.Stops, _history);

    /// <summary>Gets the content of a new registry: the configured rules, newer than any set that was found.</summary>
    public RegistryDocument Seed => new(configured.Seed(_highestSeen + 1), StopSet.None, []);

    /// <summary>Logs each configured rule that looks wrong once, whether or not it comes into force.</summary>
    public void Advise() => Advise(configured.Rules);

    /// <summary>Applies a reloaded configuration.</summary>
    public void Configure(IEnumerable<RuleOptions> rules)
    {
        if (!configured.Change(rules))
        {
            return;
        }

        Advise();

        if (configured.HasRegistry)
        {
            logger.RulesAreTheRegistrys(table.Applied.Revision);
        }
        else if (table.Applied.Revision > 0)
        {
            ApplyConfigured();
        }
    }

    /// <summary>Applies the content of the registry.</summary>
    public void RegistryRead(RegistryDocument document)
    {
        var before = table.Matcher.Rules;
        var isSame = document.Set.IsSame(table.Applied);
        Readable(Registry);
        if (document.Set.Revision < table.Applied.Revision && table.Applied.Revision > 1)
        {
            if (lines.TryLog(clock.Monotonic()))
            {
                logger.RulesAhead("A memcached server", table.Applied.Revision, document.Set.Revision);
            }
        }
        else
        {
            _history = document.History;
            Apply(document.Set);
        }

        Stop(document.Stops);
        if (!hasCounters)
        {
            Close(before, document, isSame);
        }

        if (!_wasCompared && configured.Differences(document.Set) is { Count: > 0 } differences && configured.HasRegistry)
        {
            logger.RulesDifferFromRegistry(document.Set.Revision, string.Join("; ", differences));
        }

        _wasCompared = true;
    }

    /// <summary>Records that the registry cannot be read.</summary>
    public void RegistryUnreadable(UnreadableReason why) => Unreadable(Registry, why);

    /// <summary>Applies the content of a server and its effect on the leases. Its stops have been applied before.</summary>
    public void ServerRead(string server, RulesItemContent found, RulesReadEffect effect)
    {
        if (found.Reading.Found == RulesFound.Unreadable)
        {
            Unreadable(server, found.Why);
            return;
        }

        _highestSeen = Math.Max(_highestSeen, found.Set?.Revision ?? 0);
        Readable(server);
        if (effect.Newer is not null && found.Set is { } newer)
        {
            Apply(newer);
        }
        else if (effect.Conflicts && configured.HasRegistry)
        {
            if (lines.TryLog(clock.Monotonic()))
            {
                logger.RulesAhead(server, found.Set!.Revision, table.Applied.Revision);
            }
        }
        else if (effect.Conflicts)
        {
            if (lines.TryLog(clock.Monotonic()))
            {
                logger.RulesDisagree(server, table.Applied.Revision);
            }

            Apply(RuleSet.Agreed(found.Set!, table.Applied));
        }

        ApplyConfigured();
    }

    /// <summary>Records that the cache no longer uses a server, so that unreadable content there is irrelevant.</summary>
    public void ServerGone(string server) => Readable(server);

    /// <summary>Applies stops. <paramref name="isOwn"/> means that this process puts them.</summary>
    public void Stop(StopSet stops, bool isOwn = false)
    {
        var before = table.Stops;
        table.Merge(stops);
        if (before.Equals(table.Stops))
        {
            return;
        }

        servers.StopsChanged(isUrgent: isOwn);
        registry.StopsChanged(isOwn);
        Watch.Changed(table.Applied, table.Stops, _history);
        foreach (var stop in isOwn ? [] : table.Stops.Stops.Except(before.Stops))
        {
            logger.Stopped(stop.Rule ?? "everything", stop.Who, stop.Why, stop.Id);
        }
    }

    /// <summary>Logs how many lines were left out and which rules are in force, if the log budget has a line for it.</summary>
    public void LogLeftOut()
    {
        if (lines.LeftOut > 0 && lines.TryTake(clock.Monotonic()))
        {
            var problem = _unreadable.Count == 0 ? "" : $", and nothing is served near, since {string.Join(", ", _unreadable)} cannot be "
                + "read";
            logger.RuleLinesLeftOut(
                lines.TakeLeftOut(), LogBudget.LinesPerMinute, table.Applied.Revision, table.Applied.Rules.Length, problem);
        }
    }

    // Some time after the registry stops a rule, no process serves it near, and its writes need no announcement. The time restarts with
    // each set, since another rule may cover the keys.
    private void Close(IReadOnlyCollection<ActiveRule> before, RegistryDocument document, bool isSame)
    {
        var now = clock.Monotonic();
        var stops = document.Stops.Without(document.Set.Cleared);
        foreach (var rule in table.Matcher.Rules)
        {
            rule.SetClosedFrom(
                !stops.IsStopped(rule.Name) || !document.Set.IsSame(table.Applied)
                    ? long.MaxValue
                    : isSame
                    ? Math.Min(rule.ClosedFrom, now)
                    : now);
        }

        foreach (var gone in before.Except(table.Matcher.Rules))
        {
            gone.SetClosedFrom(long.MaxValue);
        }
    }

    private void Apply(RuleSet set)
    {
        if (set.IsSame(table.Applied))
        {
            return;
        }

        if (!hasCounters && !set.Cleared.SequenceEqual(table.Applied.Cleared))
        {
            servers.RestartLeases();
        }

        var before = table.Applied.Rules;
        table.Apply(set);
        foreach (var tried in table.Tried?.Rules ?? [])
        {
            tried.DryRun!.Began ??= clock.Monotonic();
        }

        servers.Apply(set);
        Watch.Changed(table.Applied, table.Stops, _history);
        LogApplied(set, before);
        Advise(set.Rules);
        _hasApplied = true;
    }

    private void LogApplied(RuleSet set, ImmutableArray<Rule> before)
    {
        if (MayDescribe())
        {
            logger.RulesApplied(set.Revision, set.Rules.Length);
        }

        bool IsOld(Rule rule) => before.Any(old =>
            old.Name == rule.Name && old.Match.Equals(rule.Match) && (old.Enabled, old.DryRun) == (rule.Enabled, rule.DryRun));
        foreach (var rule in set.Rules.Where(rule => !IsOld(rule) && MayDescribe()))
        {
            var state = rule.DryRun ? ", only tried" : rule.Enabled ? "" : ", not enabled";
            logger.RuleUnderstood(rule.Name, PatternAdvice.Describe(rule.Match), state);
        }
    }

    // The first set is described in full. Later ones come from outside, at any rate.
    private bool MayDescribe() => !_hasApplied || lines.TryLog(clock.Monotonic());

    private void Advise(IEnumerable<Rule> rules)
    {
        foreach (var rule in rules)
        {
            if (_advised.Count < MaxAdvised
                && PatternAdvice.Of(rule, keyPrefix) is { } advice
                && _advised.Add((rule.Name, rule.Match.Text))
                && MayDescribe())
            {
                logger.RuleLooksWrong(rule.Name, PatternAdvice.Describe(rule.Match), advice);
            }
        }
    }

    private void ApplyConfigured()
    {
        if (configured.Next(table.Applied) is not { } next)
        {
            return;
        }

        // The rules alone are valid. Together with the rest of the set in force, such as its cleared stops, they may be too many.
        var mistakes = RuleSetMistakes.Of(next);
        if (mistakes is [])
        {
            Apply(next);
        }
        else
        {
            logger.ConfiguredRulesRefused(table.Applied.Revision, string.Join(' ', mistakes));
        }
    }

    private void Unreadable(string source, UnreadableReason why)
    {
        if (_unreadable.Add(source))
        {
            if (lines.TryLog(clock.Monotonic()))
            {
                logger.RulesUnreadable(source, why.Reason);
            }

            table.BecameUnreadable();
            servers.BumpEverything(true);
        }
    }

    private void Readable(string source)
    {
        if (_unreadable.Remove(source) && _unreadable.Count == 0)
        {
            table.BecameReadable();
            servers.BumpEverything(false);
        }
    }
}
