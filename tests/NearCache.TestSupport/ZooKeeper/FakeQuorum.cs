using System.Buffers.Binary;
using System.Globalization;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>The shared state of one fake ensemble: the sessions, the order of the transactions, and the newest data.</summary>
/// <remarks>
/// One lock guards everything, since a fake serves few clients. Sessions end when they are closed or expired explicitly, never by time.
/// </remarks>
internal sealed class FakeQuorum(TimeProvider time)
{
    private readonly Dictionary<long, FakeSession> _sessions = [];
    private readonly FakeDataTree _newest = new();
    private long _nextSession = 0x1000;

    /// <summary>Gets the lock that guards the ensemble.</summary>
    public Lock Gate { get; } = new();

    public List<FakeZooKeeper> Servers { get; } = [];

    public IEnumerable<long> SessionIds => _sessions.Keys;

    public FakeDataTree Newest => _newest;

    public FakeSession Make(int timeout)
    {
        var password = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(password, ++_nextSession);
        var session = new FakeSession(_nextSession, password, timeout);
        _sessions.Add(session.Id, session);
        Commit([]);
        return session;
    }

    public FakeSession? Find(long id, ReadOnlySpan<byte> password) =>
        _sessions.TryGetValue(id, out var session) && password.SequenceEqual(session.Password) ? session : null;

    /// <summary>Discards sessions, nodes and history. Requires <see cref="Gate"/>.</summary>
    public void Wipe()
    {
        _sessions.Clear();
        _newest.Clear();
        Servers.ForEach(server => server.Wipe());
    }

    /// <summary>Ends a session and deletes its ephemeral nodes.</summary>
    public void End(long id)
    {
        if (_sessions.Remove(id))
        {
            var ephemerals = _newest.Paths.Where(path => _newest.Find(path)!.Stat.EphemeralOwner == id);
            Commit([.. ephemerals.Select(path => new FakeChange(OperationCode.Delete, path))]);
        }
    }

    /// <summary>Commits changes on all servers except those that lag.</summary>
    public long Commit(IReadOnlyList<FakeChange> changes)
    {
        var zxid = _newest.Zxid + 1;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        _newest.Apply(zxid, now, changes);
        foreach (var server in Servers)
        {
            server.Deliver(zxid, now, changes);
        }

        return zxid;
    }

    /// <summary>Validates a change against a state, as the leader does.</summary>
    public static ZooKeeperErrorCode Check(FakeDataTree tree, OperationCode kind, string path, int version, int flags)
    {
        var node = tree.Find(path);
        switch (kind)
        {
            case OperationCode.Create:
                var parent = tree.Find(FakeDataTree.GetParent(path));
                return parent is null ? ZooKeeperErrorCode.NoNode
                    : parent.Stat.EphemeralOwner != 0 ? ZooKeeperErrorCode.NoChildrenForEphemerals
                    : node is not null ? ZooKeeperErrorCode.NodeExists
                    : flags is < 0 or > 6 ? ZooKeeperErrorCode.BadArguments : ZooKeeperErrorCode.Ok;
            case OperationCode.Delete when path == "/":
                return ZooKeeperErrorCode.BadArguments;
            case OperationCode.SetAcl:
                return node is null ? ZooKeeperErrorCode.NoNode
                    : version >= 0 && node.Stat.AclVersion != version ? ZooKeeperErrorCode.BadVersion : ZooKeeperErrorCode.Ok;
            default:
                return node is null ? ZooKeeperErrorCode.NoNode
                    : version >= 0 && node.Stat.Version != version ? ZooKeeperErrorCode.BadVersion
                    : kind == OperationCode.Delete && node.Children.Count > 0 ? ZooKeeperErrorCode.NotEmpty : ZooKeeperErrorCode.Ok;
        }
    }

    /// <summary>Returns the path with the number of a sequential node.</summary>
    public static string Number(FakeDataTree tree, string path, int flags) =>
        flags is 2 or 3 or 6 && tree.Find(FakeDataTree.GetParent(path)) is { } parent
        ? path + parent.Stat.ChildrenVersion.ToString("D10", CultureInfo.InvariantCulture) : path;
}

/// <summary>A session of the fake ensemble.</summary>
internal sealed record FakeSession(long Id, byte[] Password, int Timeout);
