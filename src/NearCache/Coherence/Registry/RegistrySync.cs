using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Registry;

/// <summary>Follows the registry of the rules in ZooKeeper, and adds stops that arrived on another way.</summary>
/// <remarks>
/// A whole fleet notices at once that the registry lacks a stop. Each process waits a random time, reads again, and only then writes, by
/// compare-and-set.
/// </remarks>
/// <param name="lane">The lane of the registry.</param>
/// <param name="paths">The paths of the nodes.</param>
/// <param name="rules">The rules in force. Their <see cref="RulesCoordinator.RegistrySignal"/> wakes this loop.</param>
/// <param name="pace">Returns the milliseconds from one read to the next.</param>
/// <param name="damage">Set when there is no registry.</param>
internal sealed class RegistrySync(
    EnsembleLane lane, NamespacePaths paths, CoherenceContext context, RulesCoordinator rules, Func<long> pace, LoopSignal damage)
{
    private const int Spread = 1000;

    private readonly RegistrySignal _signal = rules.RegistrySignal;
    private long? _writeAt;
    private long _read = -1;

    /// <summary>Requests a read of the registry, if another transaction wrote it than the one that was read.</summary>
    /// <remarks>
    /// A watch reports newer content only. An ensemble that was restored from an older copy continues sessions that the copy knows, and its
    /// content is older than their watches.
    /// </remarks>
    public void Seen(long transaction)
    {
        if (Interlocked.Read(ref _read) is var read && read >= 0 && read != transaction)
        {
            _signal.Changed();
        }
    }

    /// <summary>
    /// Follows the registry during one session: reads it, waits for the watch, and reads again no faster than slots are read.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // The pause after a failure is waited for here, so that a stop of this process can end it. The stop is tried once at once, and
            // is limited as all else if it fails.
            while (!_signal.IsUrgent
                && !cancellationToken.IsCancellationRequested
                && Math.Max(lane.ReadsFrom, lane.ChangesFrom) - context.Clock.Monotonic() is > 0 and var paused)
            {
                await _signal.WaitAsync(paused, cancellationToken).ConfigureAwait(false);
            }

            var way = _signal.TakeUrgent() ? lane.Urgent : lane;
            var readAt = context.Clock.Monotonic();
            long wait;
            try
            {
                wait = long.MaxValue;
                if (await ReadAsync(way, cancellationToken).ConfigureAwait(false) is { } data)
                {
                    wait = await ApplyAsync(way, data, readAt, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    damage.Set();
                }
            }
            catch (ZooKeeperException)
            {
                wait = 0;
            }

            await _signal.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            var early = readAt + pace() - context.Clock.Monotonic();
            if (early > 0 && !_signal.IsUrgent)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(early), context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Null if there is no registry. A watch reports its creation.
    private async Task<ZNodeData?> ReadAsync(EnsembleLane way, CancellationToken cancellationToken)
    {
        var data = await way.TryGetDataAsync(paths.Rules, _ => _signal.Changed(), cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _read, data?.Stat.ModifiedZxid ?? 0);
        if (data is not { } found
            || !RegistryDocument.TryRead(found.Data, out var document, out _)
            || document.Set.Revision >= rules.Revision)
        {
            return data;
        }

        // The server may be behind what memcached carries.
        await way.SyncAsync(paths.Rules, cancellationToken).ConfigureAwait(false);
        return await way.GetDataAsync(paths.Rules, null, cancellationToken).ConfigureAwait(false);
    }

    // Returns how long to wait if nothing changes.
    private async Task<long> ApplyAsync(EnsembleLane way, ZNodeData data, long readAt, CancellationToken cancellationToken)
    {
        if (!RegistryDocument.TryRead(data.Data, out var document, out var why))
        {
            rules.RegistryUnreadable(why);
            return long.MaxValue;
        }

        rules.RegistryRead(document);
        if (Completed(document) is not { } completed)
        {
            _writeAt = null;
            return long.MaxValue;
        }

        if (way == lane && (_writeAt ??= readAt + Random.Shared.Next(Spread)) > readAt)
        {
            return _writeAt.Value - readAt;
        }

        _writeAt = null;
        if (await way.TrySetDataAsync(paths.Rules, completed.Write(), data.Stat.Version, cancellationToken).ConfigureAwait(false))
        {
            if (context.LogBudget.TryLog(context.Clock.Monotonic()))
            {
                context.Logger.StopsCarried(completed.Stops.Stops.Length - document.Stops.Stops.Length);
            }

            rules.RegistryRead(completed);
        }

        // Otherwise another process was first: its watch has fired, and what is still missing is written later.
        return long.MaxValue;
    }

    // Returns the document with its missing stops; null if it lacks none, or if no process could read it with them.
    private RegistryDocument? Completed(RegistryDocument document)
    {
        var full = document.Stopped(rules.Stops);
        return full.Stops.Equals(document.Stops) || full.Write().Length > RegistryDocument.MaxBytes ? null : full;
    }
}
