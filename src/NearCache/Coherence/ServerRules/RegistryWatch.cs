using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// The rules and stops that this process knows, for callers of <see cref="IRuleRegistry.Current"/> and <see
/// cref="IRuleRegistry.WatchAsync"/>.
/// </summary>
/// <remarks>Changed by one thread at a time. Reads are thread-safe.</remarks>
internal sealed class RegistryWatch
{
    private volatile Seen? _seen = new(Snapshot(RuleSet.Empty, StopSet.None, []));

    /// <summary>Gets the present rules and stops.</summary>
    public RegistrySnapshot Current { get; private set; } = Snapshot(RuleSet.Empty, StopSet.None, []);

    /// <summary>Publishes a change to all watchers.</summary>
    public void Changed(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history)
    {
        if (_seen is { } before)
        {
            Current = Snapshot(set, stops, history);
            var now = new Seen(Current);
            _seen = now;
            before.Next.TrySetResult();
        }
    }

    /// <summary>Ends all watches.</summary>
    public void End()
    {
        var last = _seen;
        _seen = null;
        last?.Next.TrySetResult();
    }

    public async IAsyncEnumerable<RegistrySnapshot> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (_seen is { } seen)
        {
            yield return seen.Snapshot;
            await seen.Next.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Converts rules and stops to the form that users see.</summary>
    public static RegistrySnapshot Snapshot(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history) => new()
    {
        Revision = set.Revision,
        Rules = [.. set.Rules.Select(rule => new RegisteredRule { Settings = rule.ToOptions(), Since = rule.Since })],
        Stops = [.. stops.Stops.Select(Shown)],
        History = [.. history.Select(Shown)],
    };

    /// <summary>Converts a stop to the form that users see.</summary>
    public static RuleStop Shown(Stop stop) =>
        new()
        {
            Id = stop.Id,
            Rule = stop.Rule,
            Who = stop.Who,
            Why = stop.Why,
            When = stop.IsByHand ? null : stop.When,
            IsVerified = stop.IsVerified,
        };

    /// <summary>Converts a difference to the form that users see.</summary>
    public static RuleChange Shown(RuleDifference difference) => new()
    {
        Name = difference.Name,
        Before = difference.Before?.ToOptions(),
        After = difference.After?.ToOptions(),
    };

    private static RegistryEdit Shown(RuleEdit edit)
    {
        var changes = edit.Details?.Parse();
        return new RegistryEdit
        {
            Revision = edit.Revision,
            Who = edit.Who,
            Why = edit.Why,
            When = edit.When,
            IsVerified = edit.IsVerified,
            Changes = changes is null ? null : [.. changes.Rules.Select(Shown)],
            ClearedStops = [.. changes?.Cleared.Stops.Select(Shown) ?? []],
            PutStops = [.. changes?.Put ?? []],
        };
    }

    private sealed record Seen(RegistrySnapshot Snapshot)
    {
        public TaskCompletionSource Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
