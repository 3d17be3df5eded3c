using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Registry;

/// <summary>Follows the registry of the rules in ZooKeeper, and puts stops into it that came another way.</summary>
/// <remarks>
/// A whole fleet sees at once that the registry lacks a stop. Each waits a random time, looks again, and only then writes, by
/// compare-and-set.
/// </remarks>
internal sealed class RegistrySync(
    EnsembleLane lane, NamespacePaths paths, CoherenceContext context, RulesCoordinator rules, Func<long> pace, Action absent)
{
    private const int Spread = 1000;

    private readonly LoopSignal _changed = new(context.Time);
    private volatile bool _isUrgent;
    private long? _writeAt;
    private long _read = -1;

    /// <summary>This process knows other stops than before.</summary>
    /// <param name="isOwn">It has put one: no other process is about to write it, so it is written at once.</param>
    public void StopsChanged(bool isOwn)
    {
        _isUrgent |= isOwn;
        _changed.Set();
    }

    /// <summary>The registry was seen to be written by a transaction. If that is another one than was read, it is read again.</summary>
    /// <remarks>
    /// Watches tell of what is new. An ensemble that was restored from an older copy goes on with sessions that the copy knows, and what it
    /// holds is older than their watches.
    /// </remarks>
    public void Seen(long transaction)
    {
        if (Interlocked.Read(ref _read) is var read && read >= 0 && read != transaction)
        {
            _changed.Set();
        }
    }

    /// <summary>Serves one session until it ends: reads, waits for the watch, and reads again no faster than slots are read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // The pause after a failure is waited for here, where a stop of this process ends it: that is tried once at once, and paced as
            // all else if it fails.
            while (!_isUrgent
                && !cancellationToken.IsCancellationRequested
                && Math.Max(lane.ReadsFrom, lane.ChangesFrom) - context.Clock.Monotonic() is > 0 and var paused)
            {
                await _changed.WaitAsync(paused, cancellationToken).ConfigureAwait(false);
            }

            var way = _isUrgent ? lane.Urgent : lane;
            _isUrgent = false;
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
                    absent();
                }
            }
            catch (ZooKeeperException)
            {
                wait = 0;
            }

            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            var early = readAt + pace() - context.Clock.Monotonic();
            if (early > 0 && !_isUrgent)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(early), context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Null: there is no registry; a watch tells when there is one.
    private async Task<ZNodeData?> ReadAsync(EnsembleLane way, CancellationToken cancellationToken)
    {
        var data = await way.TryGetDataAsync(paths.Rules, _ => _changed.Set(), cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _read, data?.Stat.ModifiedZxid ?? 0);
        if (data is not { } found
            || !RegistryDocument.TryRead(found.Data, out var document, out _)
            || document.Set.Revision >= rules.Revision)
        {
            return data;
        }

        // The server that was asked may lag behind what memcached carries already.
        await way.SyncAsync(paths.Rules, cancellationToken).ConfigureAwait(false);
        return await way.GetDataAsync(paths.Rules, null, cancellationToken).ConfigureAwait(false);
    }

    // How long to wait if nothing changes.
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

        // Else another process was first: its watch has fired, and what is lacking still is written after a while.
        return long.MaxValue;
    }

    // The document with the stops that it lacks; null: it lacks none.
    private RegistryDocument? Completed(RegistryDocument document)
    {
        var full = document.Stopped(rules.Stops);
        return full.Stops.Equals(document.Stops) ? null : full;
    }
}
