using NearCache.Coherence.Ensemble.Core;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Ensemble;

/// <summary>
/// The requests to ZooKeeper of one purpose, made through the <see cref="EnsembleGateway"/>. After a failure the next request waits by
/// itself, so a caller may retry at once.
/// </summary>
/// <remarks>Expected answers (another version, an existing node, a missing node) are returned, and do not pause the lane.</remarks>
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

    /// <summary>Gets the chroot of the connection string; empty if it has none.</summary>
    public string Chroot => _client.Chroot;

    /// <summary>Gets the same lane with paths from the root of the ensemble. It sets no watches.</summary>
    public EnsembleLane AtRoot => new(this, _client.AtRoot, _isUrgent);

    /// <summary>Gets the same lane for requests that wait for no pause: a stop of this process, and the removal of its member.</summary>
    public EnsembleLane Urgent => new(this, _client, isUrgent: true);

    /// <summary>Gets the monotonic millisecond before which reads wait.</summary>
    public long ReadsFrom => _reads.Pause.NotBefore;

    /// <summary>Gets the monotonic millisecond before which changes wait.</summary>
    public long ChangesFrom => _changes.Pause.NotBefore;

    /// <summary>Returns the failures since a monotonic millisecond. Requires the lock of the gateway.</summary>
    internal IEnumerable<EnsembleFailure> Failing(long since) => new[] { _reads, _changes }
        .Where(direction => direction.Failure is not null && direction.FailedAt >= since)
        .Select(direction => new EnsembleFailure(direction.Purpose, direction.Pause.Failures, direction.Failure!.Message));

    /// <inheritdoc cref="ZooKeeperClient.LastZxid"/>
    public long LastZxid => _client.LastZxid;

    /// <inheritdoc cref="ZooKeeperClient.QueryServersAsync"/>
    public ValueTask<IReadOnlyList<ZooKeeperServerReply>> QueryServersAsync(string word, CancellationToken cancellationToken) => SendAsync(
        _reads,
        word,
        async () => await _client.QueryServersAsync(word, cancellationToken).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Checks that the chroot exists, and creates it if the settings allow. Does nothing without a chroot.</summary>
    /// <exception cref="ChrootMissingException">The chroot does not exist, and may not be created.</exception>
    public async ValueTask EnsureChrootAsync(CancellationToken cancellationToken)
    {
        if (Chroot.Length > 0 && await AtRoot.ExistsAsync(Chroot, null, cancellationToken).ConfigureAwait(false) is null)
        {
            await SendAsync(
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
        SendAsync(_reads, path, () => _client.ExistsAsync(path, watch, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.GetDataAsync"/>
    public ValueTask<ZNodeData> GetDataAsync(string path, Action<WatchEvent>? watch, CancellationToken cancellationToken) =>
        SendAsync(_reads, path, () => _client.GetDataAsync(path, watch, cancellationToken), cancellationToken);

    /// <summary>Reads the data and the stat of a node; null if there is none.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="watch">Called once, when the node is created, changed or deleted; null for no watch.</param>
    /// <param name="cancellationToken">Abandons the reply and the watch.</param>
    public async ValueTask<ZNodeData?> TryGetDataAsync(string path, Action<WatchEvent>? watch, CancellationToken cancellationToken)
    {
        while (true)
        {
            var data = await SendAsync<ZNodeData?>(
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

            // A missing node has no watch yet. If it exists by now, it is read again.
            if (data is not null || watch is null || await ExistsAsync(path, watch, cancellationToken).ConfigureAwait(false) is null)
            {
                return data;
            }
        }
    }

    /// <inheritdoc cref="ZooKeeperClient.GetChildrenAsync"/>
    public ValueTask<ZNodeChildren> GetChildrenAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(_reads, path, () => _client.GetChildrenAsync(path, null, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.MultiReadAsync"/>
    public ValueTask<IReadOnlyList<MultiReadResult>> MultiReadAsync(
        IReadOnlyList<MultiReadOperation> operations, CancellationToken cancellationToken) =>
        SendAsync(_reads, "several nodes", () => _client.MultiReadAsync(operations, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ZooKeeperClient.SyncAsync"/>
    public async ValueTask SyncAsync(string path, CancellationToken cancellationToken) =>
        await SendAsync(
            _reads,
            path,
            async () =>
            {
                await _client.SyncAsync(path, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Creates a node.</summary>
    /// <returns>False if the node exists.</returns>
    public ValueTask<bool> TryCreateAsync(
        string path, ReadOnlyMemory<byte>? data, ZNodeMode mode, IReadOnlyList<ZNodeAcl> acl, CancellationToken cancellationToken) =>
        TryAsync<NodeExistsException>(
            path,
            async () => await _client.CreateAsync(path, data, mode, acl, cancellationToken: cancellationToken).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Replaces the data of a node.</summary>
    /// <returns>False if the node has another version.</returns>
    public ValueTask<bool> TrySetDataAsync(string path, ReadOnlyMemory<byte> data, int version, CancellationToken cancellationToken) =>
        TryAsync<BadVersionException>(
            path, async () => await _client.SetDataAsync(path, data, version, cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Deletes a node.</summary>
    /// <returns>False if there is no such node.</returns>
    public ValueTask<bool> TryDeleteAsync(string path, CancellationToken cancellationToken) =>
        TryAsync<NoNodeException>(
            path,
            async () => await _client.DeleteAsync(path, cancellationToken: cancellationToken).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Creates or changes several nodes in one transaction.</summary>
    /// <returns>
    /// False if nothing was changed, because another process created, changed or deleted some of the nodes first. The lane pauses then,
    /// since an immediate retry may lose again.
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

    /// <summary>Ends the pauses of requests that failed without a connection. Requires the lock of the gateway.</summary>
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
        where TExpected : ZooKeeperException => SendAsync(
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

    private async ValueTask<T> SendAsync<T>(Direction direction, string path, Func<ValueTask<T>> send, CancellationToken cancellationToken)
    {
        await _gate.AdmitAsync(this, direction, _isUrgent, cancellationToken).ConfigureAwait(false);
        T reply;
        try
        {
            reply = await send().ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            _gate.Failed(direction, e, path);
            throw;
        }

        _gate.Passed(direction);
        return reply;
    }

    /// <summary>The reads or the changes of a lane. Guarded by the lock of the gateway.</summary>
    internal sealed class Direction(EnsembleRequest purpose, bool isChange, FailurePause pause)
    {
        public EnsembleRequest Purpose => purpose;

        public bool IsChange => isChange;

        public FailurePause Pause => pause;

        /// <summary>Gets or sets the newest failure since the last success.</summary>
        public ZooKeeperException? Failure { get; set; }

        public long FailedAt { get; set; }

        public long LoggedAt { get; set; }

        public bool WasLogged { get; set; }
    }
}

/// <summary>Specifies what the requests of an <see cref="EnsembleLane"/> wait for.</summary>
internal enum EnsemblePacing
{
    /// <summary>Nothing: the caller, a person or the application, limits itself.</summary>
    None,

    /// <summary>The pauses after failures. The caller has a budget of its own.</summary>
    Failures,

    /// <summary>The pauses after failures, and the limits of <see cref="EnsembleLimits"/>.</summary>
    RateLimited,
}

/// <summary>A purpose whose requests fail now.</summary>
/// <param name="Purpose">The purpose.</param>
/// <param name="Failures">The failures since the last success.</param>
/// <param name="Reason">The reason of the last failure.</param>
internal readonly record struct EnsembleFailure(EnsembleRequest Purpose, int Failures, string Reason);
