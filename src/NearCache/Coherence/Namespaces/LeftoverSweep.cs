using NearCache.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>One run of the cleaner: walks the nodes of a namespace that are not part of the present layout, leaves first.</summary>
internal sealed class LeftoverSweep(
    ZooKeeperClient zooKeeper,
    NamespacePaths paths,
    CleanerOptions options,
    int batchBytes,
    bool removes,
    IProgress<CleanerReport>? progress,
    TimeProvider time)
{
    /// <summary>The largest request, in bytes.</summary>
    public const int MaxBatchBytes = 256 * 1024;

    // The bytes of a request for each path besides the path itself.
    private const int BytesBesidePath = 32;

    // A name takes its length and at least one character.
    private const int MinNameBytes = 5;

    private const int MaxTries = 10;

    private long _leftovers;
    private long _removed;
    private long _alive;
    private long _young;
    private long _transactions;
    private long _freeAt;

    /// <summary>Walks the namespace.</summary>
    /// <exception cref="ZooKeeperException">ZooKeeper did not reply.</exception>
    /// <exception cref="NearCacheException">The layout is newer, a list is too large, or the access rights do not suffice.</exception>
    public async Task<CleanerReport> RunAsync(CancellationToken cancellationToken)
    {
        _freeAt = time.GetTimestamp();
        var found = await TryAsync(() => zooKeeper.ExistsAsync(paths.Config, null, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        if (found is not null)
        {
            var config = await TryAsync(() => zooKeeper.GetDataAsync(paths.Config, null, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            if (NamespaceTree.ReadFormat(config.Data) > NamespaceTree.Format)
            {
                throw new NearCacheException($"{paths.Config} has a newer layout than this process knows: only a newer version knows "
                    + "what is a leftover.");
            }
        }

        string[] slots = [.. Enumerable.Range(0, NamespacePaths.SlotCount).Select(paths.Slot)];
        string[] own = [paths.Config, paths.Rules, paths.Members, paths.Slots, .. slots];
        foreach (var path in own.Append(paths.Home).Where(path => path != paths.Slots))
        {
            await SweepBelowAsync(path, own, cancellationToken).ConfigureAwait(false);
        }

        await SweepBelowAsync(paths.Slots, own, cancellationToken).ConfigureAwait(false);
        return Report();
    }

    private CleanerReport Report() =>
        new() { Leftovers = _leftovers, Removed = _removed, Alive = _alive, Young = _young, Transactions = _transactions };

    // Returns whether nothing is left below the node.
    private async Task<bool> SweepBelowAsync(string parent, string[] own, CancellationToken cancellationToken)
    {
        var names = await ListAsync(parent, cancellationToken).ConfigureAwait(false);
        var isEmpty = true;
        foreach (var batch in Batches(names.Select(name => $"{parent}/{name}").Where(path => !own.Contains(path))))
        {
            await PaceAsync(batch.Count, cancellationToken).ConfigureAwait(false);
            var leaves = new List<(string Path, int Version)>();
            foreach (var (path, stat) in await ReadStatsAsync(batch, cancellationToken).ConfigureAwait(false))
            {
                if (stat.EphemeralOwner != 0)
                {
                    _alive++;
                    isEmpty = false;
                }
                else if (stat.ChildrenCount > 0 && !await SweepBelowAsync(path, own, cancellationToken).ConfigureAwait(false))
                {
                    isEmpty = false;
                }
                else if (time.GetUtcNow() - stat.ModifiedAt < options.UntouchedFor)
                {
                    _young++;
                    isEmpty = false;
                }
                else
                {
                    _leftovers++;
                    leaves.Add((path, stat.Version));
                }
            }

            isEmpty &= !removes || await RemoveAsync(leaves, cancellationToken).ConfigureAwait(false);
            progress?.Report(Report());
        }

        return isEmpty;
    }

    private async Task<IReadOnlyList<string>> ListAsync(string parent, CancellationToken cancellationToken)
    {
        var stat = await TryAsync(() => zooKeeper.ExistsAsync(parent, null, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (stat is not { ChildrenCount: > 0 and var count })
        {
            return [];
        }

        try
        {
            return (long)count * MinNameBytes > options.MaxListBytes
                ? throw TooLarge(parent, count, null)
                : (
                    await TryAsync(() => zooKeeper.GetChildrenAsync(parent, null, cancellationToken), cancellationToken)
                        .ConfigureAwait(false)).Names;
        }
        catch (MessageTooLargeException e)
        {
            throw TooLarge(parent, count, e);
        }
        catch (NoNodeException)
        {
            return [];
        }
    }

    private NearCacheException TooLarge(string parent, int count, Exception? inner) => new(
        $"{parent} has {count} children: their list does not fit in {options.MaxListBytes} bytes "
            + $"({nameof(CleanerOptions)}.{nameof(CleanerOptions.MaxListBytes)}). ZooKeeper returns a list as a whole or not at "
            + "all.", inner);

    private async Task<List<(string Path, ZNodeStat Stat)>> ReadStatsAsync(List<string> batch, CancellationToken cancellationToken) =>
        await TryAsync(
        async () =>
        {
            var looks = batch.Select(path => zooKeeper.ExistsAsync(path, null, cancellationToken).AsTask()).ToArray();
            var stats = await Task.WhenAll(looks).ConfigureAwait(false);
            return batch.Zip(stats).Where(pair => pair.Second is not null).Select(pair => (pair.First, pair.Second!.Value)).ToList();
        },
        cancellationToken).ConfigureAwait(false);

    // Returns whether all are deleted. Each is deleted only at the version that was read, and all together or none.
    private async Task<bool> RemoveAsync(List<(string Path, int Version)> leaves, CancellationToken cancellationToken)
    {
        var all = true;
        while (leaves.Count > 0)
        {
            try
            {
                _transactions++;
                await TryAsync(
                    async () =>
                        await zooKeeper.MultiAsync(
                            [.. leaves.Select(leaf => MultiOperation.Delete(leaf.Path, leaf.Version))],
                            cancellationToken).ConfigureAwait(false),
                    cancellationToken).ConfigureAwait(false);
                _removed += leaves.Count;
                return all;
            }
            catch (MultiFailedException e) when (e.Code == ZooKeeperErrorCode.NoNode)
            {
                // Another cleaner deletes too, or an earlier try of this batch was executed.
                var (here, gone) = await FindRemainingAsync(leaves, cancellationToken).ConfigureAwait(false);
                _removed += gone;
                leaves = here;
            }
            catch (MultiFailedException e) when (e.Code is ZooKeeperErrorCode.BadVersion or ZooKeeperErrorCode.NotEmpty)
            {
                // The node is in use.
                leaves.RemoveAt(e.FailedIndex);
                _leftovers--;
                _young++;
                all = false;
            }
            catch (MultiFailedException e) when (e.Code == ZooKeeperErrorCode.NoAuth)
            {
                throw new NearCacheException(
                    $"The access rights of {leaves[e.FailedIndex].Path} or its parent do not allow the deletion: give the cleaner an "
                        + "identity that may delete it (Authentications).",
                    e);
            }
        }

        return all;
    }

    private async Task<(List<(string Path, int Version)> Here, int Gone)> FindRemainingAsync(
        List<(string Path, int Version)> leaves, CancellationToken cancellationToken)
    {
        var here = (await ReadStatsAsync([.. leaves.Select(leaf => leaf.Path)], cancellationToken).ConfigureAwait(false))
            .Select(found => found.Path)
            .ToHashSet(StringComparer.Ordinal);
        var left = leaves.Where(leaf => here.Contains(leaf.Path)).ToList();
        return (left, leaves.Count - left.Count);
    }

    // As many as may be deleted together, and fit in one request.
    private IEnumerable<List<string>> Batches(IEnumerable<string> all)
    {
        var batch = new List<string>();
        var bytes = 0;
        foreach (var path in all)
        {
            var more = System.Text.Encoding.UTF8.GetByteCount(path) + zooKeeper.Chroot.Length + BytesBesidePath;
            if (batch.Count == options.BatchZNodes || (batch.Count > 0 && bytes + more > batchBytes))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(path);
            bytes += more;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private async Task PaceAsync(int zNodes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetTimestamp();
        var wait = time.GetElapsedTime(now, _freeAt);
        _freeAt = Math.Max(now, _freeAt) + (long)((double)zNodes / options.ZNodesPerSecond * time.TimestampFrequency);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    // Waits for a lost connection. Gives up after some tries; the cleaner can be run again.
    private async Task<T> TryAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (ZooKeeperException e) when ((e.IsTransient || e.IsOutcomeUnknown) && tries < MaxTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500 + Random.Shared.Next(1000)), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
