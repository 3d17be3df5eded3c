using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Sessions;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper;

/// <summary>A session with a ZooKeeper ensemble over one connection. Thread-safe; everything is asynchronous and pipelined.</summary>
/// <remarks>
/// <para>
/// Order. Requests reach the server in the order in which the methods were called. A watch's handler is called before the outcome of any
/// operation that was answered behind the notification, so whoever reads a change has been told of it first. Handlers run on the thread
/// pool; while one runs, outcomes wait for it for at most <see cref="ZooKeeperOptions.WatchHandlerGrace"/>; a slower one is overtaken, and
/// loses nothing. The call of an asynchronous handler ends at its first await. A handler may call every method of the client. Handlers of
/// persistent watches get their events one at a time, in order.
/// </para>
/// <para>
/// Connections. Making a client neither waits nor fails because of servers: the connection is made in the background and made again
/// whenever it is lost. Operations wait for it, for <see cref="ZooKeeperOptions.RequestTimeout"/> at most. One that was under way when the
/// connection was lost fails with <see cref="ConnectionLossException"/>; if it changes something,
/// <see cref="ZooKeeperException.IsOutcomeUnknown"/> says that it may have happened. Watches are set again on the new connection.
/// </para>
/// <para>
/// Data that are given to a method must not change until its task has completed. A returned <see cref="ValueTask"/> is awaited once.
/// </para>
/// <para>
/// All methods: misuse throws <see cref="ArgumentException"/>, a disposed client <see cref="ObjectDisposedException"/>; the task throws
/// <see cref="OperationCanceledException"/>, or a <see cref="ZooKeeperException"/> for everything else. Cancelling gives up the answer:
/// what was sent may still happen.
/// </para>
/// </remarks>
public sealed class ZooKeeperClient : IAsyncDisposable, IDisposable
{
    private readonly Session _session;
    private readonly string _chroot;
    private volatile bool _isDisposed;

    /// <summary>Begins to connect.</summary>
    /// <param name="options">Copied.</param>
    /// <param name="loggerFactory">null: nothing is logged.</param>
    /// <param name="meterFactory">null: the meter is made without one.</param>
    /// <param name="timeProvider">null: the system's.</param>
    /// <exception cref="ArgumentException">The options have mistakes; all of them are named.</exception>
    public ZooKeeperClient(
        ZooKeeperOptions options,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Copy();
        var mistakes = options.FindMistakes();
        if (mistakes.Count > 0 || !ServerList.TryParse(options.ConnectionString, out var servers, out _))
        {
            throw new ArgumentException(string.Join(" ", mistakes), nameof(options));
        }

        servers.Shuffle(Random.Shared);
        _chroot = servers.Chroot;
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(ZooKeeperMetrics.MeterName);
        _session = new Session(
            options, servers, new SessionServices(logger, meterFactory, timeProvider ?? TimeProvider.System, Random.Shared));
    }

    /// <summary>
    /// As <see cref="ZooKeeperClient(ZooKeeperOptions, ILoggerFactory?, IMeterFactory?, TimeProvider?)"/>, with nothing but a connection
    /// string set.
    /// </summary>
    public ZooKeeperClient(string connectionString)
        : this(new ZooKeeperOptions { ConnectionString = connectionString })
    {
    }

    private ZooKeeperClient(Session session) => (_session, _chroot) = (session, "");

    /// <summary>How the client stands to its servers now.</summary>
    public ZooKeeperState State => _session.States.Current.State;

    /// <summary>The session's id; 0 before there is one.</summary>
    public long SessionId => _session.StateMachine.SessionId;

    /// <summary>The session timeout as the servers granted it; zero before there is a session.</summary>
    public TimeSpan SessionTimeout => _session.StateMachine.NegotiatedTimeout;

    /// <summary>
    /// The state now, and then every change of it, until the client is disposed. Who falls more than 1,024 changes behind loses the oldest.
    /// </summary>
    public IAsyncEnumerable<ZooKeeperStateChange> StateChangesAsync(CancellationToken cancellationToken = default) =>
        _session.States.SubscribeAsync(cancellationToken);

    /// <summary>Waits until the client is in a state.</summary>
    /// <exception cref="AuthenticationFailedException">
    /// All servers refuse the client's identity: it may be long until it is tried again.
    /// </exception>
    /// <exception cref="ObjectDisposedException">It never will be.</exception>
    public Task WaitForStateAsync(ZooKeeperState state, CancellationToken cancellationToken = default) =>
        _session.States.WaitAsync(state, cancellationToken);

    /// <summary>Makes a node.</summary>
    /// <param name="path">Where; the parent must exist. A sequential name may end in a slash.</param>
    /// <param name="data">null is kept apart from empty.</param>
    /// <param name="mode">How long it lives, and whether the server numbers it. Default: until it is deleted.</param>
    /// <param name="acl">Who may do what with it. Default: <see cref="ZNodeAcl.OpenToAll"/>.</param>
    /// <param name="timeToLive">For the modes with a time to live, and only for them.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <exception cref="NodeExistsException">There is such a node.</exception>
    /// <exception cref="NoNodeException">There is no parent.</exception>
    public ValueTask<CreatedZNode> CreateAsync(
        string path, ReadOnlyMemory<byte>? data, ZNodeMode mode = ZNodeMode.Persistent, IReadOnlyList<ZNodeAcl>? acl = null, TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SendAsync<CreateRequest, CreatedZNode>(
            CreateRequestFactory.Create(new ChrootedPath(_chroot, path), data, mode, acl, timeToLive), null, cancellationToken);
    }

    /// <summary>Makes a node, and those above it that do not exist: without data, and with the same access rights.</summary>
    /// <remarks>
    /// Costs a read for the parent, and a read and a transaction for each node that is missing. It is not one transaction: if it fails,
    /// nodes above may have been made.
    /// </remarks>
    /// <param name="path">Where. A sequential name may end in a slash.</param>
    /// <param name="data">null is kept apart from empty.</param>
    /// <param name="mode">
    /// How long the node lives, and whether the server numbers it; those above it live until they are deleted. Default: until it is
    /// deleted.
    /// </param>
    /// <param name="acl">Who may do what with it and with those above it that are made. Default: <see cref="ZNodeAcl.OpenToAll"/>.</param>
    /// <param name="timeToLive">For the modes with a time to live, and only for them.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <exception cref="NodeExistsException">There is such a node.</exception>
    /// <exception cref="ChrootMissingException">There is no chroot.</exception>
    public async ValueTask<CreatedZNode> CreateWithParentsAsync(
        string path,
        ReadOnlyMemory<byte>? data,
        ZNodeMode mode = ZNodeMode.Persistent,
        IReadOnlyList<ZNodeAcl>? acl = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        _ = CreateRequestFactory.Create(new ChrootedPath(_chroot, path), data, mode, acl, timeToLive);
        return await NodeCreation.CreateWithParentsAsync(this, path, data, mode, acl, timeToLive, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks whether the chroot of the connection string exists, and creates it if <see cref="ZooKeeperOptions.CreateChroot"/> says so.
    /// Nothing without a chroot.
    /// </summary>
    /// <remarks>A new session does so by itself. To be called when the chroot may have been deleted since.</remarks>
    /// <exception cref="ChrootMissingException">It does not exist, and may not be created.</exception>
    public ValueTask EnsureChrootAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _chroot.Length == 0
            ? ValueTask.CompletedTask
            : NodeCreation.EnsureChrootAsync(AtRoot, _chroot, _session.CreatesChroot, cancellationToken);
    }

    /// <summary>Removes a node that has no children.</summary>
    /// <param name="path">Which.</param>
    /// <param name="version">The version that it must have; -1, the default, is any.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    /// <exception cref="BadVersionException">It has another version.</exception>
    /// <exception cref="NotEmptyException">It has children.</exception>
    public ValueTask DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        SendAsync(new DeleteRequest(At(path), version), null, cancellationToken);

    /// <summary>The stat of a node; null if there is none.</summary>
    /// <param name="path">Which.</param>
    /// <param name="watch">Called once, when the node is made, changed or deleted. Set also if there is no such node.</param>
    /// <param name="cancellationToken">Gives up the answer, and the watch.</param>
    public ValueTask<ZNodeStat?> ExistsAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<ExistsRequest, ZNodeStat?>(
            new ExistsRequest(At(path), watch is not null), WatchUpdate.ForRead(path, WatchTableKind.Data, watch), cancellationToken);

    /// <summary>The data and the stat of a node.</summary>
    /// <param name="path">Which.</param>
    /// <param name="watch">Called once, when the node is changed or deleted. Not set if there is no such node.</param>
    /// <param name="cancellationToken">Gives up the answer, and the watch.</param>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    public ValueTask<ZNodeData> GetDataAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<GetDataRequest, ZNodeData>(
            new GetDataRequest(At(path), watch is not null), WatchUpdate.ForRead(path, WatchTableKind.Data, watch), cancellationToken);

    /// <summary>Replaces the data of a node.</summary>
    /// <param name="path">Which.</param>
    /// <param name="data">null is kept apart from empty.</param>
    /// <param name="version">The version that it must have; -1, the default, is any.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <returns>The stat after the change.</returns>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    /// <exception cref="BadVersionException">It has another version.</exception>
    public ValueTask<ZNodeStat> SetDataAsync(
        string path, ReadOnlyMemory<byte>? data, int version = -1, CancellationToken cancellationToken = default) =>
        SendAsync<SetDataRequest, ZNodeStat>(new SetDataRequest(At(path), data, version), null, cancellationToken);

    /// <summary>The names of a node's children, and its stat.</summary>
    /// <param name="path">Which.</param>
    /// <param name="watch">Called once, when a child is added or removed, or the node is deleted. Not set if there is no such node.</param>
    /// <param name="cancellationToken">Gives up the answer, and the watch.</param>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    public ValueTask<ZNodeChildren> GetChildrenAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<GetChildrenRequest, ZNodeChildren>(
            new GetChildrenRequest(At(path), watch is not null), WatchUpdate.ForRead(path, WatchTableKind.Children, watch), cancellationToken);

    /// <summary>Who may do what with a node.</summary>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    public ValueTask<ZNodeAccess> GetAclAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync<GetAclRequest, ZNodeAccess>(new GetAclRequest(At(path)), null, cancellationToken);

    /// <summary>Replaces who may do what with a node.</summary>
    /// <param name="path">Which.</param>
    /// <param name="acl">At least one entry.</param>
    /// <param name="aclVersion">The <see cref="ZNodeStat.AclVersion"/> that it must have; -1, the default, is any.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <returns>The stat after the change.</returns>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    /// <exception cref="BadVersionException">Its rights have another version.</exception>
    /// <exception cref="InvalidAclException">The server does not take the rights.</exception>
    public ValueTask<ZNodeStat> SetAclAsync(
        string path, IReadOnlyList<ZNodeAcl> acl, int aclVersion = -1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(acl);
        ArgumentOutOfRangeException.ThrowIfZero(acl.Count, nameof(acl));
        return SendAsync<SetAclRequest, ZNodeStat>(new SetAclRequest(At(path), acl, aclVersion), null, cancellationToken);
    }

    /// <summary>
    /// Completes when the server that is connected knows everything that was committed before the call; reads behind it see all that.
    /// </summary>
    public ValueTask SyncAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync(new SyncRequest(At(path)), null, cancellationToken);

    /// <summary>Several changes that happen together or not at all. They must fit in one message.</summary>
    /// <returns>What came of each, in their order.</returns>
    /// <exception cref="MultiFailedException">One failed: nothing was changed.</exception>
    public async ValueTask<IReadOnlyList<MultiResult>> MultiAsync(
        IReadOnlyList<MultiOperation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        MultiOperation[] copy = [.. operations];
        var results = await SendAsync<MultiRequest, IReadOnlyList<MultiResult>>(new MultiRequest(_chroot, copy), null, cancellationToken)
            .ConfigureAwait(false);
        return ExceptionFactory.FindMultiFailure(copy, results) is { } failed ? throw failed : results;
    }

    /// <summary>Several reads in one request. Servers since 3.6.</summary>
    /// <returns>What came of each, in their order; one that failed does not touch the others.</returns>
    public ValueTask<IReadOnlyList<MultiReadResult>> MultiReadAsync(
        IReadOnlyList<MultiReadOperation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return SendAsync<MultiReadRequest, IReadOnlyList<MultiReadResult>>(
            new MultiReadRequest(_chroot, [.. operations]), null, cancellationToken);
    }

    /// <summary>The ephemeral nodes of this session below a path. Servers since 3.6.</summary>
    public ValueTask<IReadOnlyList<string>> GetEphemeralsAsync(string pathPrefix = "/", CancellationToken cancellationToken = default) =>
        SendAsync<GetEphemeralsRequest, IReadOnlyList<string>>(new GetEphemeralsRequest(At(pathPrefix)), null, cancellationToken);

    /// <summary>How many nodes lie below a node, at any depth. Servers since 3.6.</summary>
    /// <exception cref="NoNodeException">There is no such node.</exception>
    public ValueTask<int> GetAllChildrenNumberAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync<GetAllChildrenNumberRequest, int>(new GetAllChildrenNumberRequest(At(path)), null, cancellationToken);

    /// <summary>Who the server takes this connection for. Servers since 3.7.</summary>
    public ValueTask<IReadOnlyList<ZooKeeperIdentity>> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        SendAsync<WhoAmIRequest, IReadOnlyList<ZooKeeperIdentity>>(default, null, cancellationToken);

    /// <summary>Claims an identity on this connection and all that follow.</summary>
    /// <exception cref="AuthenticationFailedException">
    /// The server refuses it. The client goes on to servers that do not; if all refuse, see
    /// <see cref="ZooKeeperState.AuthenticationFailed"/>.
    /// </exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ZooKeeperOptions.RequestTimeout"/>.</exception>
    public Task AuthenticateAsync(ZooKeeperAuthentication authentication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(authentication);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _session.AuthenticateAsync(authentication, cancellationToken);
    }

    /// <summary>Sets a watch that stays when it fires. Servers since 3.6. The node need not exist.</summary>
    /// <remarks>
    /// <b>What happens while the connection is replaced is lost:</b> the server replays nothing to persistent watches, unlike to those that
    /// fire once. The handler then gets <see cref="WatchEventType.Interrupted"/>, after the watch was set again, and must read everything
    /// anew. On servers before 3.9, set no other watch on the same path: it would turn this one into one that fires once.
    /// </remarks>
    /// <param name="path">Which node.</param>
    /// <param name="mode">That node alone, or everything below it too.</param>
    /// <param name="watch">Called for each event, one at a time and in order. It must keep up: events wait for it in memory.</param>
    /// <param name="cancellationToken">Gives up the answer, and the watch.</param>
    public ValueTask AddWatchAsync(
        string path, PersistentWatchMode mode, Action<WatchEvent> watch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(watch);
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode.");
        }

        var slot = mode == PersistentWatchMode.Recursive ? WatchTableKind.Recursive : WatchTableKind.Persistent;
        return SendAsync(new AddWatchRequest(At(path), mode), new WatchUpdate(path, slot, watch), cancellationToken);
    }

    /// <summary>Takes watches off a node. Their handlers hear nothing more, not even of this.</summary>
    /// <param name="path">Which node.</param>
    /// <param name="kind">Which watches. Persistent ones are taken off by <see cref="WatchKind.Any"/> alone.</param>
    /// <param name="watch">Whose; null, the default: everybody's.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <exception cref="NoWatcherException">There is no such watch.</exception>
    public ValueTask RemoveWatchesAsync(
        string path, WatchKind kind = WatchKind.Any, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default)
    {
        var request = new RemoveWatchesRequest(At(path), kind);
        if (!Enum.IsDefined(kind))
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind.");
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_session.Watches.Has(path, kind, watch))
        {
            return ValueTask.FromException(new NoWatcherException("RemoveWatches: this client has set no such watch.", path));
        }

        var removal = new WatchUpdate(path, WatchTableKind.Data, watch, kind);
        if (watch is not null && _session.Watches.HasOthers(path, kind, watch))
        {
            // The server keeps one watch for all of them.
            _session.Watches.Apply(removal, isMissing: false);
            return ValueTask.CompletedTask;
        }

        return SendAsync(request, removal, cancellationToken);
    }

    /// <summary>Replaces the list of servers. The session goes on.</summary>
    /// <remarks>
    /// A client that is connected to a server that is no longer in the list goes to another one. If the list grew, some clients move, so
    /// that the clients of all servers are spread evenly.
    /// </remarks>
    /// <param name="connectionString">As in <see cref="ZooKeeperOptions.ConnectionString"/>, with the same chroot.</param>
    /// <exception cref="ArgumentException">It has a mistake, or another chroot.</exception>
    public void UpdateServers(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!ServerList.TryParse(connectionString, out var servers, out var problem))
        {
            throw new ArgumentException($"The connection string {problem}.", nameof(connectionString));
        }

        if (servers.Chroot != _chroot)
        {
            throw new ArgumentException(
                $"The connection string has the chroot '{servers.Chroot}', where this client has '{_chroot}': a client of another chroot is another client.", nameof(connectionString));
        }

        _session.UpdateServers(servers);
    }

    /// <summary>
    /// Gives the client a new session after the old one expired (<see cref="ZooKeeperState.Expired"/>), and waits until it is connected.
    /// </summary>
    /// <remarks>For clients without <see cref="ZooKeeperOptions.RenewSession"/>. While the session lives it only waits.</remarks>
    public Task RenewSessionAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _session.Renew();
        return WaitForStateAsync(ZooKeeperState.Connected, cancellationToken);
    }

    /// <summary>
    /// Ends the session, so that its ephemeral nodes go at once, and the connection. Operations that were called before are answered if the
    /// server is there.
    /// </summary>
    /// <remarks>
    /// May be called from a handler and more than once. A server that does not answer is not waited for beyond
    /// <see cref="ZooKeeperOptions.ConnectTimeout"/>.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _session.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Closes the connection at once and waits for nothing. What is in flight fails with <see cref="ClientClosedException"/>.
    /// </summary>
    /// <remarks>
    /// The end of the session is sent before, and its ephemeral nodes are deleted at once, unless another thread is just sending or the
    /// server takes no more bytes. A session whose end the server does not receive lasts until its timeout. <see cref="DisposeAsync"/>
    /// waits for the server's reply. May be called from a handler, more than once, and while <see cref="DisposeAsync"/> waits.
    /// </remarks>
    public void Dispose()
    {
        _isDisposed = true;
        _session.Dispose();
    }

    /// <summary>The node that stands for the root, as the connection string says; empty if none does.</summary>
    internal string Chroot => _chroot;

    /// <summary>
    /// The same session, with paths from the ensemble's own root. For requests without watches, which are looked up by the paths of this
    /// client; it is not disposed.
    /// </summary>
    internal ZooKeeperClient AtRoot => new(_session);

    /// <summary>For tests.</summary>
    internal Session Session => _session;

    private ChrootedPath At(string path)
    {
        ZNodePath.ThrowIfInvalid(path, nameof(path));
        return new ChrootedPath(_chroot, path);
    }

    private ValueTask<TReply> SendAsync<TRequest, TReply>(
        in TRequest request, WatchUpdate? watchUpdate, CancellationToken cancellationToken)
        where TRequest : struct, IRequest<TReply>
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<TReply>(cancellationToken)
            : ZooKeeperTraces.HasListeners ? _session.SendTracedAsync<TRequest, TReply>(request, watchUpdate, cancellationToken)
            : _session.Send<TRequest, TReply>(request, watchUpdate, cancellationToken).Reply;
    }

    private ValueTask SendAsync<TRequest>(in TRequest request, WatchUpdate? watchUpdate, CancellationToken cancellationToken)
        where TRequest : struct, IRequest<EmptyReply>
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : ZooKeeperTraces.HasListeners ? new ValueTask(_session.SendTracedAsync<TRequest, EmptyReply>(request, watchUpdate, cancellationToken).AsTask())
            : _session.Send<TRequest, EmptyReply>(request, watchUpdate, cancellationToken).Completion;
    }
}
