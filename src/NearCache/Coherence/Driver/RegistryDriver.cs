using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Follows the registry of the rules in ZooKeeper, and puts stops into it that came another way.</summary>
/// <remarks>A whole fleet sees at once that the registry lacks a stop. Each waits a random time, looks again, and only then writes, by compare-and-set.</remarks>
internal sealed class RegistryDriver(ZooKeeperClient zooKeeper, NamespacePaths paths, CoherenceContext context, RulesDriver rules, Func<long> pace)
{
    private const int Spread = 1000;

    private readonly Wake _changed = new(context.Time);
    private volatile bool _isUrgent;
    private readonly RefusalPause _pause = new(context.Quota);
    private long? _writeAt;

    /// <summary>This process knows other stops than before.</summary>
    /// <param name="isOwn">It has put one: no other process is about to write it, so it is written at once.</param>
    public void StopsChanged(bool isOwn)
    {
        _isUrgent |= isOwn;
        _changed.Call();
    }

    /// <summary>Serves one session until it ends: reads, waits for the watch, and reads again no faster than slots are read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var readAt = context.Clock.Monotonic();
            long wait;
            try
            {
                var data = await ReadAsync(cancellationToken).ConfigureAwait(false);
                wait = await ApplyAsync(data, readAt, cancellationToken).ConfigureAwait(false);
            }
            catch (ZooKeeperException e) when (RefusalPause.IsFor(e))
            {
                wait = (long)_pause.Refused(e, "carry a stop", paths.Rules, context.Logger).TotalMilliseconds;
            }
            catch (ZooKeeperException e)
            {
                context.Logger.ZooKeeperFailed(e, "reading the rules");
                wait = Spread;
            }

            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            var early = readAt + pace() - context.Clock.Monotonic();
            if (early > 0 && !_isUrgent)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(early), context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<ZNodeData> ReadAsync(CancellationToken cancellationToken)
    {
        var data = await zooKeeper.GetDataAsync(paths.Rules, _ => _changed.Call(), cancellationToken).ConfigureAwait(false);
        if (!RegistryDocument.TryRead(data.Data, out var document, out _) || document.Set.Revision >= rules.Revision)
        {
            return data;
        }

        // The server that was asked may lag behind what memcached carries already.
        await zooKeeper.SyncAsync(paths.Rules, cancellationToken).ConfigureAwait(false);
        return await zooKeeper.GetDataAsync(paths.Rules, null, cancellationToken).ConfigureAwait(false);
    }

    // How long to wait if nothing changes.
    private async Task<long> ApplyAsync(ZNodeData data, long readAt, CancellationToken cancellationToken)
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
            _isUrgent = false;
            return long.MaxValue;
        }

        if (!_isUrgent && (_writeAt ??= readAt + Random.Shared.Next(Spread)) > readAt)
        {
            return _writeAt.Value - readAt;
        }

        _writeAt = null;
        _isUrgent = false;
        try
        {
            await zooKeeper.SetDataAsync(paths.Rules, completed.Write(), data.Stat.Version, cancellationToken).ConfigureAwait(false);
            _pause.Passed();
            context.Logger.StopsCarried(completed.Stops.Stops.Length - document.Stops.Stops.Length);
            rules.RegistryRead(completed);
        }
        catch (BadVersionException)
        {
            // Somebody else was first: its watch has fired, and what is lacking still is written after a while.
        }

        return long.MaxValue;
    }

    // The document with the stops that it lacks; null: it lacks none.
    private RegistryDocument? Completed(RegistryDocument document)
    {
        var full = document.Stopped(rules.Stops);
        return full.Stops.Equals(document.Stops) ? null : full;
    }
}
