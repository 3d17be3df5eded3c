using NearCache.Coherence.Ensemble.Core;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Ensemble;

/// <summary>
/// Requests to ZooKeeper for one purpose, made through the <see cref="EnsembleGateway"/>. After a failure the next request waits by itself, so
/// a caller may simply ask again.
/// </summary>
/// <remarks>
/// What is no failure but an expected answer (another version, a node that exists, none that is there) is returned, and does not pause the
/// lane.
/// </remarks>
internal sealed class EnsembleLane
{
    private readonly EnsembleGateway _gate;
    private readonly ZooKeeperClient _client;
    private readonly Direction _reads;
    private readonly Direction _changes;
    private readonly bool _isUrgent;

    public EnsembleLane(EnsembleGateway gate, EnsembleRequest reads, EnsembleRequest changes, EnsemblePacing pacing)
    {
        (_gate, _client, Pacing) = (gate, gate.Client, pacing);
        _reads = new Direction(
            reads, isChange: false, new FailurePause(EnsembleLimits.FirstReadPause, EnsembleLimits.LongestReadPause, Random.Shared));
        _changes = new Direction(
            changes,
            isChange: true,
            new FailurePause(EnsembleLimits.FirstChangePause, EnsembleLimits.LongestChangePause, Random.Shared));
    }

    private EnsembleLane(EnsembleLane other, ZooKeeperClient client, bool isUrgent) =>
        (_gate, _client, _reads, _changes, Pacing, _isUrgent) = (other._gate, client, other._reads, other._changes, other.Pacing, isUrgent);

    public EnsemblePacing Pacing { get; }

    /// <summary>The node that stands for the root, as the connection string says; empty if none does.</summary>
    public string Chroot => _client.Chroot;

    /// <summary>The same lane with paths from the ensemble's own root. Sets no watches.</summary>
    public EnsembleLane AtRoot => new(this, _client.AtRoot, _isUrgent);

    /// <summary>The same lane for what must not wait for any pause: a stop that this process puts, and the removal of its member.</summary>
    public EnsembleLane Urgent => new(this, _client, isUrgent: true);

    /// <summary>The monotonic millisecond before which a read waits.</summary>
    public long ReadsFrom => _reads.Pause.NotBefore;

    /// <summary>The monotonic millisecond before which a change waits.</summary>
    public long ChangesFrom => _changes.Pause.NotBefore;

    /// <summary>What has failed last, and not before a monotonic millisecond. Requires the gate's lock.</summary>
    internal IEnumerable<EnsembleFailure> Failing(long since) => new[] { _reads, _changes }
        .Where(direction => direction.Failure is not null && direction.FailedAt >= since)
        .Select(direction => new EnsembleFailure(direction.Purpose, direction.Pause.Failures, direction.Failure!.Message));

    /// <summary>Looks whether the chroot exists, and creates it where the settings say so. Nothing without a chroot.</summary>
    /// <exception cref="ChrootMissingException">It does not exist, and may not be created.</exception>
    public async ValueTask EnsureChrootAsync(CancellationToken cancellationToken)
    {
        if (Chroot.Length > 0 && await AtRoot.ExistsAsync(Chroot, null, cancellationToken).ConfigureAwait(false) is null)
        {
            await AskAsync(
                _changes,
                Chroot,
                async () =>
                {
                    await _client.EnsureChrootAsync(cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="ZooKeeperClient.ExistsAsync"/>
    public ValueTask<ZNodeStat?> ExistsAsync(string path, Action<WatchEvent>? watch, CancellationToken cancellationToken) =>
        AskAsync(_reads, path, () => _client.ExistsAsync(path, watch, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.GetDataAsync"/>
    public ValueTask<ZNodeData> GetDataAsync(string path, Action<WatchEvent>? watch, CancellationToken cancellationToken) =>
        AskAsync(_reads, path, () => _client.GetDataAsync(path, watch, cancellationToken), cancellationToken);

    /// <summary>The data and the stat of a node; null if there is none.</summary>
    /// <param name="path">Which.</param>
    /// <param name="watch">Called once, when the node is created, changed or deleted; null: no watch is set.</param>
    /// <param name="cancellationToken">Gives up the answer, and the watch.</param>
    public async ValueTask<ZNodeData?> TryGetDataAsync(string path, Action<WatchEvent>? watch, CancellationToken cancellationToken)
    {
        while (true)
        {
            var data = await AskAsync<ZNodeData?>(
                _reads,
                path,
                async () =>
                {
                    try
                    {
                        return await _client.GetDataAsync(path, watch, cancellationToken).ConfigureAwait(false);
                    }
                    catch (NoNodeException)
                    {
                        return null;
                    }
                },
                cancellationToken).ConfigureAwait(false);

            // No watch was set on a node that is not there; if it is by now, it is read again.
            if (data is not null || watch is null || await ExistsAsync(path, watch, cancellationToken).ConfigureAwait(false) is null)
            {
                return data;
            }
        }
    }

    /// <inheritdoc cref="ZooKeeperClient.GetChildrenAsync"/>
    public ValueTask<ZNodeChildren> GetChildrenAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(_reads, path, () => _client.GetChildrenAsync(path, null, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.MultiReadAsync"/>
    public ValueTask<IReadOnlyList<MultiReadResult>> MultiReadAsync(
        IReadOnlyList<MultiReadOperation> operations, CancellationToken cancellationToken) =>
        AskAsync(_reads, "several nodes", () => _client.MultiReadAsync(operations, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.SyncAsync"/>
    public async ValueTask SyncAsync(string path, CancellationToken cancellationToken) =>
        await AskAsync(
            _reads,
            path,
            async () =>
            {
                await _client.SyncAsync(path, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Makes a node.</summary>
    /// <returns>False: there is such a node.</returns>
    public ValueTask<bool> TryCreateAsync(
        string path, ReadOnlyMemory<byte>? data, ZNodeMode mode, IReadOnlyList<ZNodeAcl> acl, CancellationToken cancellationToken) =>
        TryAsync<NodeExistsException>(
            path,
            async () => await _client.CreateAsync(path, data, mode, acl, cancellationToken: cancellationToken).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Replaces the data of a node.</summary>
    /// <returns>False: it has another version.</returns>
    public ValueTask<bool> TrySetDataAsync(string path, ReadOnlyMemory<byte> data, int version, CancellationToken cancellationToken) =>
        TryAsync<BadVersionException>(
            path, async () => await _client.SetDataAsync(path, data, version, cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Removes a node.</summary>
    /// <returns>False: there is no such node.</returns>
    public ValueTask<bool> TryDeleteAsync(string path, CancellationToken cancellationToken) =>
        TryAsync<NoNodeException>(
            path,
            async () => await _client.DeleteAsync(path, cancellationToken: cancellationToken).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Creates or changes several nodes in one transaction.</summary>
    /// <returns>
    /// False: nothing was changed, because another process created, changed or removed some of them first. The lane pauses, since a caller
    /// that asks again at once may lose again.
    /// </returns>
    public async ValueTask<bool> TryChangeAllAsync(IReadOnlyList<MultiOperation> operations, CancellationToken cancellationToken)
    {
        await _gate.AdmitAsync(this, _changes, _isUrgent, cancellationToken).ConfigureAwait(false);
        try
        {
            await _client.MultiAsync(operations, cancellationToken).ConfigureAwait(false);
        }
        catch (MultiFailedException e) when (
            e.Code is ZooKeeperErrorCode.NodeExists or ZooKeeperErrorCode.NoNode or ZooKeeperErrorCode.BadVersion)
        {
            _gate.Lost(_changes);
            return false;
        }
        catch (ZooKeeperException e)
        {
            _gate.Failed(_changes, e, e.Path ?? "several nodes");
            throw;
        }

        _gate.Passed(_changes);
        return true;
    }

    /// <summary>There is a connection again. Requires the gate's lock.</summary>
    internal void ConnectionIsBack()
    {
        foreach (var direction in new[] { _reads, _changes })
        {
            if (direction.Failure is { } failure && EnsembleGateway.IsOfConnection(failure))
            {
                direction.Pause.End();
                direction.Failure = null;
            }
        }
    }

    private ValueTask<bool> TryAsync<TExpected>(string path, Func<Task> change, CancellationToken cancellationToken)
        where TExpected : ZooKeeperException => AskAsync(
        _changes,
        path,
        async () =>
        {
            try
            {
                await change().ConfigureAwait(false);
                return true;
            }
            catch (TExpected)
            {
                return false;
            }
        },
        cancellationToken);

    private async ValueTask<T> AskAsync<T>(Direction direction, string path, Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        await _gate.AdmitAsync(this, direction, _isUrgent, cancellationToken).ConfigureAwait(false);
        T reply;
        try
        {
            reply = await ask().ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            _gate.Failed(direction, e, path);
            throw;
        }

        _gate.Passed(direction);
        return reply;
    }

    /// <summary>The reads or the changes of a lane. Guarded by the gate's lock.</summary>
    internal sealed class Direction(EnsembleRequest purpose, bool isChange, FailurePause pause)
    {
        public EnsembleRequest Purpose => purpose;

        public bool IsChange => isChange;

        public FailurePause Pause => pause;

        /// <summary>The newest failure since the last success.</summary>
        public ZooKeeperException? Failure { get; set; }

        public long FailedAt { get; set; }

        public long SaidAt { get; set; }

        public bool WasSaid { get; set; }
    }
}

/// <summary>What the requests of an <see cref="EnsembleLane"/> wait for.</summary>
internal enum EnsemblePacing
{
    /// <summary>Nothing: a person or the application asked, and paces itself.</summary>
    None,

    /// <summary>The pauses after failures. A budget of the caller's own paces the rest.</summary>
    Failures,

    /// <summary>The pauses after failures, and <see cref="EnsembleLimits"/>.</summary>
    RateLimited,
}

/// <summary>Requests that fail now.</summary>
/// <param name="Purpose">What they are for.</param>
/// <param name="Failures">How many failed since one succeeded.</param>
/// <param name="Reason">Why the last one failed.</param>
internal readonly record struct EnsembleFailure(EnsembleRequest Purpose, int Failures, string Reason);
