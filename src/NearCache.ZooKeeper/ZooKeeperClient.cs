using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Sessions;
using NearCache.ZooKeeper.Watches;

namespace NearCache.ZooKeeper;

/// <summary>
/// Represents a session with a ZooKeeper ensemble over one connection. All members are thread-safe; requests are asynchronous and
/// pipelined.
/// </summary>
/// <remarks>
/// <para>
/// <b>Order.</b> Requests reach the server in the order of the calls. The handler of a watch is called before the result of any operation
/// whose reply came after the notification. A caller that reads a change has therefore been notified of it. Handlers run on the thread
/// pool. While a handler runs, results wait for it for at most <see cref="ZooKeeperOptions.WatchHandlerGrace"/>; after that the results are
/// delivered, and the handler misses no events. The call of an asynchronous handler ends at its first await. A handler may call every
/// method of the client. The handler of a persistent watch gets its events one at a time, in order.
/// </para>
/// <para>
/// <b>Connections.</b> The constructor neither waits for servers nor fails because of them. The client connects in the background and
/// reconnects when the connection is lost. Operations wait for a connection for at most <see cref="ZooKeeperOptions.RequestTimeout"/>. An
/// operation in flight when the connection is lost fails with <see cref="ConnectionLossException"/>. If it is a write,
/// <see cref="ZooKeeperException.IsOutcomeUnknown"/> is true. Watches are set again on the new connection.
/// </para>
/// <para>
/// <b>Buffers.</b> Data passed to a method must not change until its task has completed. A returned <see cref="ValueTask"/> may be awaited
/// only once.
/// </para>
/// <para>
/// <b>Exceptions.</b> Invalid arguments throw <see cref="ArgumentException"/>; a disposed client throws
/// <see cref="ObjectDisposedException"/>. The task fails with <see cref="OperationCanceledException"/> or, for everything else, a
/// <see cref="ZooKeeperException"/>. Cancellation ends the wait for the reply: a request that was sent may still take effect.
/// </para>
/// </remarks>
public sealed class ZooKeeperClient : IAsyncDisposable, IDisposable
{
    private readonly Session _session;
    private readonly string _chroot;
    private volatile bool _isDisposed;

    /// <summary>Initializes a client and starts to connect in the background.</summary>
    /// <param name="options">The settings. They are copied.</param>
    /// <param name="loggerFactory">Creates the logger. Default: nothing is logged.</param>
    /// <param name="meterFactory">Creates the meter. Default: the client owns a meter.</param>
    /// <param name="timeProvider">The clock and the timers. Default: <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="ArgumentException">The settings are invalid. The message names every mistake.</exception>
    public ZooKeeperClient(
        ZooKeeperOptions options,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null)
        : this(options, loggerFactory, meterFactory, timeProvider, TimeSpan.Zero)
    {
    }

    /// <summary>Initializes a client that starts to connect within the given time, at random.</summary>
    internal ZooKeeperClient(
        ZooKeeperOptions options,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        TimeProvider? timeProvider,
        TimeSpan startSpread)
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
            options,
            servers,
            new SessionServices(logger, meterFactory, timeProvider ?? TimeProvider.System, Random.Shared, startSpread));
    }

    /// <summary>Initializes a client with default settings and starts to connect in the background.</summary>
    /// <param name="connectionString">The servers and the chroot, as in <see cref="ZooKeeperOptions.ConnectionString"/>.</param>
    /// <exception cref="ArgumentException">The connection string is invalid.</exception>
    public ZooKeeperClient(string connectionString)
        : this(new ZooKeeperOptions { ConnectionString = connectionString })
    {
    }

    private ZooKeeperClient(Session session) => (_session, _chroot) = (session, "");

    /// <summary>Gets the state of the client.</summary>
    public ZooKeeperState State => _session.States.Current.State;

    /// <summary>Gets the connection on which the session runs; null if there is none now.</summary>
    public ZooKeeperConnectionInfo? Connection => _session.Connection;

    /// <summary>Gets the id of the session.</summary>
    /// <value>0 before the first session.</value>
    public long SessionId => _session.StateMachine.SessionId;

    /// <summary>Gets the session timeout that the servers granted.</summary>
    /// <value><see cref="TimeSpan.Zero"/> before the first session.</value>
    public TimeSpan SessionTimeout => _session.StateMachine.NegotiatedTimeout;

    /// <summary>
    /// Gets the id of the newest transaction that any reply or notification has shown. Its upper 32 bits count elections of a leader, the
    /// lower ones the transactions since the last one.
    /// </summary>
    /// <value>0 before the first reply.</value>
    public long LastZxid => _session.StateMachine.LastZxid;

    /// <summary>
    /// Sends a four-letter word, such as <c>srvr</c> or <c>mntr</c>, to every server of the connection string. Needs no session, and opens
    /// one short connection to each server.
    /// </summary>
    /// <param name="word">Four lower-case letters. Servers execute only words of their <c>4lw.commands.whitelist</c>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The reply of each server, or why there is none, in the order of the names.</returns>
    /// <exception cref="ArgumentException">The word does not consist of four lower-case letters.</exception>
    public async Task<IReadOnlyList<ZooKeeperServerReply>> QueryServersAsync(string word, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (word.Length != 4 || !word.All(char.IsAsciiLetterLower))
        {
            throw new ArgumentException($"\"{word}\" is no word of four lower-case letters.", nameof(word));
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var replies = await _session.QueryServersAsync(word, cancellationToken).ConfigureAwait(false);
        return [.. replies.OrderBy(reply => reply.Server, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Returns the current state and then every change, until the client is disposed. A subscriber that falls more than 1,024 changes
    /// behind loses the oldest ones.
    /// </summary>
    /// <param name="cancellationToken">Ends the subscription.</param>
    public IAsyncEnumerable<ZooKeeperStateChange> StateChangesAsync(CancellationToken cancellationToken = default) =>
        _session.States.SubscribeAsync(cancellationToken);

    /// <summary>Waits until the client is in a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="AuthenticationFailedException">
    /// All servers refuse the identity of the client. The next attempt may take minutes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task WaitForStateAsync(ZooKeeperState state, CancellationToken cancellationToken = default) =>
        _session.States.WaitAsync(state, cancellationToken);

    /// <summary>Creates a node.</summary>
    /// <param name="path">The path of the node. The parent must exist. A sequential name may end in a slash.</param>
    /// <param name="data">The data. ZooKeeper distinguishes null from empty.</param>
    /// <param name="mode">
    /// The lifetime of the node, and whether the server appends a number. Default: <see cref="ZNodeMode.Persistent"/>.
    /// </param>
    /// <param name="acl">The access rights. Default: <see cref="ZNodeAcl.OpenToAll"/>.</param>
    /// <param name="timeToLive">The time to live. Required for the modes with a time to live, and invalid for others.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The path and the stat of the new node.</returns>
    /// <exception cref="NodeExistsException">The node exists.</exception>
    /// <exception cref="NoNodeException">The parent does not exist.</exception>
    public ValueTask<CreatedZNode> CreateAsync(
        string path,
        ReadOnlyMemory<byte>? data,
        ZNodeMode mode = ZNodeMode.Persistent,
        IReadOnlyList<ZNodeAcl>? acl = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SendAsync<CreateRequest, CreatedZNode>(
            CreateRequestFactory.Create(new ChrootedPath(_chroot, path), data, mode, acl, timeToLive), null, cancellationToken);
    }

    /// <summary>Creates a node and its missing ancestors. Ancestors get the same access rights and no data.</summary>
    /// <remarks>
    /// Costs one read for the parent, and one read and one transaction for each missing ancestor. The call is not one transaction: if it
    /// fails, ancestors may have been created.
    /// </remarks>
    /// <param name="path">The path of the node. A sequential name may end in a slash.</param>
    /// <param name="data">The data. ZooKeeper distinguishes null from empty.</param>
    /// <param name="mode">
    /// The lifetime of the node, and whether the server appends a number. Ancestors are persistent. Default:
    /// <see cref="ZNodeMode.Persistent"/>.
    /// </param>
    /// <param name="acl">
    /// The access rights of the node and of the ancestors that are created. Default: <see cref="ZNodeAcl.OpenToAll"/>.
    /// </param>
    /// <param name="timeToLive">The time to live. Required for the modes with a time to live, and invalid for others.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The path and the stat of the new node.</returns>
    /// <exception cref="NodeExistsException">The node exists.</exception>
    /// <exception cref="ChrootMissingException">The chroot does not exist and may not be created.</exception>
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
    /// Checks that the chroot of the connection string exists, and creates it if <see cref="ZooKeeperOptions.CreateChroot"/> is true. Has
    /// no effect without a chroot.
    /// </summary>
    /// <remarks>A new session performs this check by itself. Call this method when the chroot may have been deleted since.</remarks>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="ChrootMissingException">The chroot does not exist and may not be created.</exception>
    public ValueTask EnsureChrootAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _chroot.Length == 0
            ? ValueTask.CompletedTask
            : NodeCreation.EnsureChrootAsync(AtRoot, _chroot, _session.CreatesChroot, cancellationToken);
    }

    /// <summary>Deletes a node that has no children.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="version">The version that the node must have. Default: -1, any version.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    /// <exception cref="BadVersionException">The node has another version.</exception>
    /// <exception cref="NotEmptyException">The node has children.</exception>
    public ValueTask DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        SendAsync(new DeleteRequest(At(path), version), null, cancellationToken);

    /// <summary>Returns the stat of a node, or null if the node does not exist.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="watch">Called once, when the node is created, changed or deleted. Set also if the node does not exist.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply, and the watch.</param>
    public ValueTask<ZNodeStat?> ExistsAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<ExistsRequest, ZNodeStat?>(
            new ExistsRequest(At(path), watch is not null), WatchUpdate.ForRead(path, WatchTableKind.Data, watch), cancellationToken);

    /// <summary>Returns the data and the stat of a node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="watch">Called once, when the node is changed or deleted. Not set if the node does not exist.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply, and the watch.</param>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    public ValueTask<ZNodeData> GetDataAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<GetDataRequest, ZNodeData>(
            new GetDataRequest(At(path), watch is not null), WatchUpdate.ForRead(path, WatchTableKind.Data, watch), cancellationToken);

    /// <summary>Replaces the data of a node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="data">The data. ZooKeeper distinguishes null from empty.</param>
    /// <param name="version">The version that the node must have. Default: -1, any version.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The stat after the change.</returns>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    /// <exception cref="BadVersionException">The node has another version.</exception>
    public ValueTask<ZNodeStat> SetDataAsync(
        string path, ReadOnlyMemory<byte>? data, int version = -1, CancellationToken cancellationToken = default) =>
        SendAsync<SetDataRequest, ZNodeStat>(new SetDataRequest(At(path), data, version), null, cancellationToken);

    /// <summary>Returns the names of a node's children and the stat of the node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="watch">
    /// Called once, when a child is added or removed, or the node is deleted. Not set if the node does not exist.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait for the reply, and the watch.</param>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    public ValueTask<ZNodeChildren> GetChildrenAsync(
        string path, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync<GetChildrenRequest, ZNodeChildren>(
            new GetChildrenRequest(At(path), watch is not null),
            WatchUpdate.ForRead(path, WatchTableKind.Children, watch),
            cancellationToken);

    /// <summary>Returns the access rights of a node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    public ValueTask<ZNodeAccess> GetAclAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync<GetAclRequest, ZNodeAccess>(new GetAclRequest(At(path)), null, cancellationToken);

    /// <summary>Replaces the access rights of a node.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="acl">The access rights. At least one entry.</param>
    /// <param name="aclVersion">The <see cref="ZNodeStat.AclVersion"/> that the node must have. Default: -1, any version.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The stat after the change.</returns>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    /// <exception cref="BadVersionException">The access rights have another version.</exception>
    /// <exception cref="InvalidAclException">The server rejects the access rights.</exception>
    public ValueTask<ZNodeStat> SetAclAsync(
        string path, IReadOnlyList<ZNodeAcl> acl, int aclVersion = -1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(acl);
        ArgumentOutOfRangeException.ThrowIfZero(acl.Count, nameof(acl));
        return SendAsync<SetAclRequest, ZNodeStat>(new SetAclRequest(At(path), acl, aclVersion), null, cancellationToken);
    }

    /// <summary>
    /// Waits until the connected server has applied every transaction that was committed before the call. Later reads see those
    /// transactions.
    /// </summary>
    /// <param name="path">A valid path. The node need not exist.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    public ValueTask SyncAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync(new SyncRequest(At(path)), null, cancellationToken);

    /// <summary>Executes several writes as one transaction: all of them take effect, or none. They must fit in one message.</summary>
    /// <param name="operations">The operations, in order.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The result of each operation, in the same order.</returns>
    /// <exception cref="MultiFailedException">An operation failed, so none took effect.</exception>
    public async ValueTask<IReadOnlyList<MultiResult>> MultiAsync(
        IReadOnlyList<MultiOperation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        MultiOperation[] copy = [.. operations];
        var results = await SendAsync<MultiRequest, IReadOnlyList<MultiResult>>(new MultiRequest(_chroot, copy), null, cancellationToken)
            .ConfigureAwait(false);
        return ExceptionFactory.FindMultiFailure(copy, results) is { } failed ? throw failed : results;
    }

    /// <summary>Executes several reads in one request. Requires servers since 3.6.</summary>
    /// <param name="operations">The reads, in order.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <returns>The result of each read, in the same order. A failed read does not affect the others.</returns>
    public ValueTask<IReadOnlyList<MultiReadResult>> MultiReadAsync(
        IReadOnlyList<MultiReadOperation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return SendAsync<MultiReadRequest, IReadOnlyList<MultiReadResult>>(
            new MultiReadRequest(_chroot, [.. operations]), null, cancellationToken);
    }

    /// <summary>Returns the paths of this session's ephemeral nodes. Requires servers since 3.6.</summary>
    /// <param name="pathPrefix">The prefix of the paths. Default: all paths.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    public ValueTask<IReadOnlyList<string>> GetEphemeralsAsync(string pathPrefix = "/", CancellationToken cancellationToken = default) =>
        SendAsync<GetEphemeralsRequest, IReadOnlyList<string>>(new GetEphemeralsRequest(At(pathPrefix)), null, cancellationToken);

    /// <summary>Returns the number of nodes below a node, at any depth. Requires servers since 3.6.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="NoNodeException">The node does not exist.</exception>
    public ValueTask<int> GetAllChildrenNumberAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync<GetAllChildrenNumberRequest, int>(new GetAllChildrenNumberRequest(At(path)), null, cancellationToken);

    /// <summary>Returns the identities that the server has accepted for this connection. Requires servers since 3.7.</summary>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    public ValueTask<IReadOnlyList<ZooKeeperIdentity>> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        SendAsync<WhoAmIRequest, IReadOnlyList<ZooKeeperIdentity>>(default, null, cancellationToken);

    /// <summary>Claims an identity on this connection and on all later ones.</summary>
    /// <param name="authentication">The identity.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="AuthenticationFailedException">
    /// The server refuses the identity. The client tries the other servers. If all refuse, the state is
    /// <see cref="ZooKeeperState.AuthenticationFailed"/>.
    /// </exception>
    /// <exception cref="TimeoutException">No reply came within <see cref="ZooKeeperOptions.RequestTimeout"/>.</exception>
    public Task AuthenticateAsync(ZooKeeperAuthentication authentication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(authentication);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _session.AuthenticateAsync(authentication, cancellationToken);
    }

    /// <summary>Sets a persistent watch, which fires any number of times. Requires servers since 3.6. The node need not exist.</summary>
    /// <remarks>
    /// <para>
    /// <b>A persistent watch misses the changes that happen while the connection is replaced.</b> The server replays them only to one-shot
    /// watches. The handler gets <see cref="WatchEventType.Interrupted"/> after the watch was set again, and must read everything again.
    /// </para>
    /// <para>On servers before 3.9, set no other watch on the same path: it would turn this watch into a one-shot watch.</para>
    /// </remarks>
    /// <param name="path">The path of the node.</param>
    /// <param name="mode">The scope: the node alone, or all nodes below it too.</param>
    /// <param name="watch">Called for each event, one at a time and in order. Events wait in memory, so the handler must keep up.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply, and the watch.</param>
    public ValueTask AddWatchAsync(
        string path, PersistentWatchMode mode, Action<WatchEvent> watch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(watch);
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "The mode is not defined.");
        }

        var table = mode == PersistentWatchMode.Recursive ? WatchTableKind.Recursive : WatchTableKind.Persistent;
        return SendAsync(new AddWatchRequest(At(path), mode), new WatchUpdate(path, table, watch), cancellationToken);
    }

    /// <summary>Removes watches from a node. Their handlers are not called any more, not even for the removal.</summary>
    /// <param name="path">The path of the node.</param>
    /// <param name="kind">The kind of watches. Only <see cref="WatchKind.Any"/> removes persistent watches.</param>
    /// <param name="watch">The handler whose watches are removed. Default: null, all handlers.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="NoWatcherException">The client has set no such watch.</exception>
    public ValueTask RemoveWatchesAsync(
        string path, WatchKind kind = WatchKind.Any, Action<WatchEvent>? watch = null, CancellationToken cancellationToken = default)
    {
        var request = new RemoveWatchesRequest(At(path), kind);
        if (!Enum.IsDefined(kind))
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind is not defined.");
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_session.Watches.Has(path, kind, watch))
        {
            return ValueTask.FromException(new NoWatcherException("RemoveWatches: the client has not set this watch.", path));
        }

        var removal = new WatchUpdate(path, WatchTableKind.Data, watch, kind);
        if (watch is not null && _session.Watches.HasOthers(path, kind, watch))
        {
            // The server keeps one watch for all handlers of the client.
            _session.Watches.Apply(removal, isMissing: false);
            return ValueTask.CompletedTask;
        }

        return SendAsync(request, removal, cancellationToken);
    }

    /// <summary>Replaces the list of servers. The session continues.</summary>
    /// <remarks>
    /// A client whose server is not in the new list moves to another server. If the list grew, some clients move, so that the servers get
    /// equally many clients.
    /// </remarks>
    /// <param name="connectionString">The servers, as in <see cref="ZooKeeperOptions.ConnectionString"/>, with the same chroot.</param>
    /// <exception cref="ArgumentException">The connection string is invalid or has another chroot.</exception>
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
                $"The connection string has the chroot '{servers.Chroot}', but this client has '{_chroot}'. "
                + "Create another client for another chroot.",
                nameof(connectionString));
        }

        _session.UpdateServers(servers);
    }

    /// <summary>
    /// Requests a new session after the old one has expired (<see cref="ZooKeeperState.Expired"/>), and waits until the client is
    /// connected.
    /// </summary>
    /// <remarks>For clients without <see cref="ZooKeeperOptions.RenewSession"/>. While the session exists, the method only waits.</remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public Task RenewSessionAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _session.Renew();
        return WaitForStateAsync(ZooKeeperState.Connected, cancellationToken);
    }

    /// <summary>
    /// Closes the session, so that its ephemeral nodes are deleted at once, and the connection. Operations called before are answered if
    /// the server responds.
    /// </summary>
    /// <remarks>
    /// May be called from a handler, and more than once. Waits for the server for at most <see cref="ZooKeeperOptions.ConnectTimeout"/>.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _session.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Closes the connection at once and waits for nothing. Operations in flight fail with <see cref="ClientClosedException"/>.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The request that closes the session is sent before, and the ephemeral nodes are deleted at once, unless another thread is sending or
    /// the server accepts no more bytes. A session whose close request does not reach the server lasts until its timeout.
    /// <see cref="DisposeAsync"/> waits for the server's reply.
    /// </para>
    /// <para>May be called from a handler, more than once, and while <see cref="DisposeAsync"/> waits.</para>
    /// </remarks>
    public void Dispose()
    {
        _isDisposed = true;
        _session.Dispose();
    }

    /// <summary>Gets the chroot of the connection string. Empty if there is none.</summary>
    internal string Chroot => _chroot;

    /// <summary>Gets a client of the same session whose paths start at the root of the ensemble.</summary>
    /// <remarks>Must not set watches, which are looked up by the paths of this client. Must not be disposed.</remarks>
    internal ZooKeeperClient AtRoot => new(_session);

    /// <summary>Gets the session. For tests.</summary>
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
            : ZooKeeperTraces.HasListeners
            ? new ValueTask(_session.SendTracedAsync<TRequest, EmptyReply>(request, watchUpdate, cancellationToken).AsTask())
            : _session.Send<TRequest, EmptyReply>(request, watchUpdate, cancellationToken).Completion;
    }
}
