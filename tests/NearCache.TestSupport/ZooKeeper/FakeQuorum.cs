using System.Buffers.Binary;
using System.Globalization;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>What the servers of one fake ensemble agree on: the sessions, the order of the transactions, and the newest state.</summary>
/// <remarks>One lock for everything: a fake is for a few clients. Sessions end when they are closed or told to, never by time.</remarks>
internal sealed class FakeQuorum(TimeProvider time)
{
    private readonly Dictionary<long, FakeSession> _sessions = [];
    private readonly FakeDataTree _newest = new();
    private long _nextSession = 0x1000;

    /// <summary>Guards everything of the ensemble.</summary>
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

    /// <summary>Begins anew: no sessions, no nodes, no history. Inside the lock.</summary>
    public void Wipe()
    {
        _sessions.Clear();
        _newest.Clear();
        Servers.ForEach(server => server.Wipe());
    }

    /// <summary>Ends a session: its ephemeral nodes go.</summary>
    public void End(long id)
    {
        if (_sessions.Remove(id))
        {
            Commit([.. _newest.Paths.Where(path => _newest.Find(path)!.Stat.EphemeralOwner == id).Select(path => new FakeChange(OperationCode.Delete, path))]);
        }
    }

    /// <summary>Commits changes on all servers, those that lag excepted.</summary>
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

    /// <summary>Checks a change against a state, as the leader does.</summary>
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

    /// <summary>The path with the number that a sequential node gets.</summary>
    public static string Number(FakeDataTree tree, string path, int flags) =>
        flags is 2 or 3 or 6 && tree.Find(FakeDataTree.GetParent(path)) is { } parent
        ? path + parent.Stat.ChildrenVersion.ToString("D10", CultureInfo.InvariantCulture) : path;
}

/// <summary>A session that the fake servers share.</summary>
internal sealed record FakeSession(long Id, byte[] Password, int Timeout);
