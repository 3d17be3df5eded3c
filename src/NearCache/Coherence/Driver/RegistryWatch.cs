using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>What this process knows of the rules and stops, for whoever looks or waits for changes.</summary>
/// <remarks>Changed by one thread at a time; any thread may look.</remarks>
internal sealed class RegistryWatch
{
    private volatile Seen? _seen = new(RuleRegistry.Snapshot(RuleSet.Empty, StopSet.None, []));

    /// <summary>What is known now.</summary>
    public RegistrySnapshot Current { get; private set; } = RuleRegistry.Snapshot(RuleSet.Empty, StopSet.None, []);

    /// <summary>Tells those who wait.</summary>
    public void Changed(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history)
    {
        if (_seen is { } before)
        {
            Current = RuleRegistry.Snapshot(set, stops, history);
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

    private sealed record Seen(RegistrySnapshot Snapshot)
    {
        public TaskCompletionSource Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
