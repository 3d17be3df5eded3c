using Microsoft.Extensions.Logging;
using NearCache.Loops;
using NearCache.Rules;

namespace NearCache.Reading;

/// <summary>Fetches the preload keys of rules when the process starts and when a rule comes into force.</summary>
/// <remarks>
/// A rule may be filled from a server only after its lease, and a server may be away. Keys that could not be fetched are retried until the
/// limit.
/// </remarks>
internal sealed class Preloader : IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);
    private readonly Func<IReadOnlyCollection<ActiveRule>> _rules;
    private readonly Func<bool> _areRulesKnown;
    private readonly PrefetchPath _prefetch;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly Dictionary<ActiveRule, Work> _works = [];   // used only by the loop
    private readonly BackgroundLoop _loop;
    private volatile bool _isSettled;

    /// <param name="rules">Returns the active rules.</param>
    /// <param name="areRulesKnown">Returns whether the rules have been read.</param>
    /// <param name="prefetch">Fetches keys.</param>
    /// <param name="limit">The time after a rule came into force during which its keys are retried.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs a failure of the loop.</param>
    public Preloader(
        Func<IReadOnlyCollection<ActiveRule>> rules,
        Func<bool> areRulesKnown,
        PrefetchPath prefetch,
        TimeSpan limit,
        TimeProvider time,
        ILogger logger)
    {
        (_rules, _areRulesKnown, _prefetch, _limit, _time) = (rules, areRulesKnown, prefetch, limit, time);
        _loop = new BackgroundLoop(logger, "fetching listed keys");
        _loop.Start(NextAsync);
    }

    /// <summary>Gets a value indicating whether every preload key was fetched, is absent, or was given up.</summary>
    public bool IsSettled => _isSettled;

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        var areKnown = _areRulesKnown();
        StartDueWork();
        var keys = _works.Values.SelectMany(work => work.Left).Distinct(StringComparer.Ordinal).ToArray();
        if (keys.Length > 0)
        {
            var left = await _prefetch.FetchAsync(keys, "preload").ConfigureAwait(false);
            foreach (var work in _works.Values)
            {
                work.Left = [.. work.Left.Intersect(left, StringComparer.Ordinal)];
            }
        }

        _isSettled = areKnown && _works.Values.All(work => work.Left.Length == 0);
        await Task.Delay(CheckInterval, _time, stopping).ConfigureAwait(false);
    }

    // A rule that was switched off and on has another generation; an edited rule lists other keys.
    private void StartDueWork()
    {
        var rules = _rules();
        foreach (var gone in _works.Keys.Except(rules).ToArray())
        {
            _works.Remove(gone);
        }

        foreach (var rule in rules.Where(rule => rule.IsOn && !rule.Rule.Preload.IsEmpty))
        {
            var (generation, keys) = (rule.Generation, rule.Rule.Preload);
            if (!_works.TryGetValue(rule, out var work) || work.Generation != generation || !work.Listed.SequenceEqual(keys))
            {
                _works[rule] = new Work(generation, [.. keys], _time.GetTimestamp()) { Left = [.. keys] };
            }
            else if (work.Left.Length > 0 && _time.GetElapsedTime(work.Since) > _limit)
            {
                work.Left = [];
            }
        }
    }

    private sealed record Work(long Generation, string[] Listed, long Since)
    {
        public required string[] Left { get; set; }
    }
}
