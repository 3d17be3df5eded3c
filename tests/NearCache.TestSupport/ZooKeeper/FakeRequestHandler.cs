using System.Text;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>Executes the requests of a fake server. Requires the lock of the ensemble.</summary>
internal sealed class FakeRequestHandler(FakeZooKeeper server, FakeConnection connection)
{
    private static readonly FakeReply Ok = new(ZooKeeperErrorCode.Ok);

    private FakeDataTree Tree => server.Tree;

    /// <summary>Returns the path at the start of a request; null if the operation has none.</summary>
    public static string? PathOf(OperationCode code, byte[] message)
    {
        if (code is OperationCode.Multi
            or OperationCode.MultiRead
            or OperationCode.Ping
            or OperationCode.Auth
            or OperationCode.SetWatches
            or OperationCode.SetWatches2
            or OperationCode.CloseSession
            or OperationCode.WhoAmI
            or OperationCode.Sasl)
        {
            return null;
        }

        var reader = new JuteReader(message.AsSpan(8));
        return reader.ReadNullableString();
    }

    public FakeReply Answer(OperationCode code, ref JuteReader reader) => code switch
    {
        OperationCode.Ping => Ok,
        OperationCode.Create
            or OperationCode.Create2
            or OperationCode.CreateContainer
            or OperationCode.CreateTtl
            or OperationCode.Delete
            or OperationCode.SetData
            or OperationCode.SetAcl => Change(code, ref reader),
        OperationCode.Multi => Multi(ref reader),
        OperationCode.MultiRead => MultiRead(ref reader),
        OperationCode.Exists or OperationCode.GetData or OperationCode.GetChildren or OperationCode.GetChildren2 => Read(code, ref reader),
        OperationCode.GetAcl => Tree.Find(reader.ReadString()) is { } node
            ? new(ZooKeeperErrorCode.Ok, writer =>
            {
                AclRecord.WriteList(writer, node.Acl);
                StatRecord.Write(writer, node.FullStat);
            })
            : new(ZooKeeperErrorCode.NoNode),
        OperationCode.Sync => Sync(reader.ReadString()),
        OperationCode.SetWatches or OperationCode.SetWatches2 => SetWatches(code, ref reader),
        OperationCode.AddWatch => AddWatch(reader.ReadString(), reader.ReadInt32()),
        OperationCode.RemoveWatches =>
            new(connection.Watches.Remove(reader.ReadString(), reader.ReadInt32()) ? ZooKeeperErrorCode.Ok : ZooKeeperErrorCode.NoWatcher),
        OperationCode.Auth => Authenticate(ref reader),
        OperationCode.WhoAmI => new(ZooKeeperErrorCode.Ok, WriteIdentities),
        OperationCode.GetEphemerals => Ephemerals(reader.ReadString()),
        OperationCode.GetAllChildrenNumber => Count(reader.ReadString()),
        OperationCode.CloseSession => CloseSession(),
        _ => new(ZooKeeperErrorCode.Unimplemented),
    };

    private FakeReply Sync(string path) => new(ZooKeeperErrorCode.Ok, writer => writer.WriteString(path), server.Quorum.Newest.Zxid);

    private FakeReply CloseSession()
    {
        server.Quorum.End(connection.SessionId);
        return new(ZooKeeperErrorCode.Ok, Ends: true);
    }

    private FakeReply Change(OperationCode code, ref JuteReader reader)
    {
        if (server.IsReadOnly)
        {
            return new(ZooKeeperErrorCode.NotReadOnly);
        }

        var (error, change) = Plan(server.Quorum.Newest, code, ref reader);
        if (error != ZooKeeperErrorCode.Ok)
        {
            return new(error, Zxid: server.Quorum.Newest.Zxid);
        }

        var zxid = server.Quorum.Commit([change!]);
        var stat = server.Quorum.Newest.Find(change!.Path)?.FullStat ?? default;
        return new(ZooKeeperErrorCode.Ok, writer => WriteResult(writer, code, change.Path, stat), zxid);
    }

    private (ZooKeeperErrorCode Error, FakeChange? Change) Plan(FakeDataTree tree, OperationCode code, ref JuteReader reader)
    {
        var path = reader.ReadString();
        if (code is OperationCode.Delete or OperationCode.Check)
        {
            var kind = code == OperationCode.Delete ? OperationCode.Delete : OperationCode.Check;
            return (FakeQuorum.Check(tree, kind, path, reader.ReadInt32(), 0), new FakeChange(kind, path));
        }

        if (code == OperationCode.SetData)
        {
            var data = reader.ReadBuffer();
            return (FakeQuorum.Check(tree, code, path, reader.ReadInt32(), 0), new FakeChange(code, path, data));
        }

        if (code == OperationCode.SetAcl)
        {
            var rights = AclRecord.ReadList(ref reader);
            return (FakeQuorum.Check(tree, code, path, reader.ReadInt32(), 0), new FakeChange(code, path, Acl: rights));
        }

        var content = reader.ReadBuffer();
        var acl = AclRecord.ReadList(ref reader);
        var flags = reader.ReadInt32();
        path = FakeQuorum.Number(tree, path, flags);
        return (
            FakeQuorum.Check(tree, OperationCode.Create, path, -1, flags),
            new FakeChange(OperationCode.Create, path, content, acl, flags is 1 or 3 ? connection.SessionId : 0));
    }

    // Operations see the changes of earlier ones, so they are tried on a copy.
    private FakeReply Multi(ref JuteReader reader)
    {
        var parts = new List<(OperationCode Code, ZooKeeperErrorCode Error, FakeChange? Change)>();
        var trial = server.Quorum.Newest.Copy();
        while (MultiHeader.Read(ref reader) is { IsEnd: false } header)
        {
            var (error, change) = Plan(trial, header.Code, ref reader);
            if (error == ZooKeeperErrorCode.Ok && change!.Kind != OperationCode.Check)
            {
                trial.Apply(trial.Zxid + 1, 0, [change]);
            }

            parts.Add((header.Code, error, change));
        }

        var failed = parts.FindIndex(part => part.Error != ZooKeeperErrorCode.Ok);
        if (failed >= 0)
        {
            return new(ZooKeeperErrorCode.Ok, writer =>
            {
                for (var i = 0; i < parts.Count; i++)
                {
                    var error = i < failed ? ZooKeeperErrorCode.Ok : i == failed ? parts[i].Error : ZooKeeperErrorCode.RuntimeInconsistency;
                    new MultiHeader(OperationCode.Error, IsEnd: false).WriteTo(writer, (int)error);
                    writer.WriteInt32((int)error);
                }

                MultiHeader.End.WriteTo(writer);
            });
        }

        var zxid = server.Quorum.Commit([.. parts.Select(part => part.Change!).Where(change => change.Kind != OperationCode.Check)]);
        return new(ZooKeeperErrorCode.Ok, writer =>
        {
            foreach (var (code, _, change) in parts)
            {
                // 3.8 answers create2 as create.
                var answered = code == OperationCode.Create2 ? OperationCode.Create : code;
                new MultiHeader(answered, IsEnd: false).WriteTo(writer, 0);
                WriteResult(writer, answered, change!.Path, server.Quorum.Newest.Find(change.Path)?.FullStat ?? default);
            }

            MultiHeader.End.WriteTo(writer);
        }, zxid);
    }

    private static void WriteResult(JuteWriter writer, OperationCode code, string path, ZNodeStat stat)
    {
        if (code is OperationCode.Create or OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl)
        {
            writer.WriteString(path);
        }

        if (code is not (OperationCode.Create or OperationCode.Delete or OperationCode.Check))
        {
            StatRecord.Write(writer, stat);
        }
    }

    private FakeReply MultiRead(ref JuteReader reader)
    {
        var parts = new List<(OperationCode Code, FakeNode? Node)>();
        while (MultiHeader.Read(ref reader) is { IsEnd: false } header)
        {
            parts.Add((header.Code, Tree.Find(reader.ReadString())));
            _ = reader.ReadBoolean();
        }

        return new(ZooKeeperErrorCode.Ok, writer =>
        {
            foreach (var (code, node) in parts)
            {
                new MultiHeader(node is null ? OperationCode.Error : code, IsEnd: false)
                    .WriteTo(writer, node is null ? (int)ZooKeeperErrorCode.NoNode : 0);
                if (node is null)
                {
                    writer.WriteInt32((int)ZooKeeperErrorCode.NoNode);
                }
                else
                {
                    WriteNode(writer, code, node);
                }
            }

            MultiHeader.End.WriteTo(writer);
        });
    }

    private FakeReply Read(OperationCode code, ref JuteReader reader)
    {
        var (path, watch) = (reader.ReadString(), reader.ReadBoolean());
        var node = Tree.Find(path);
        if (watch && code is OperationCode.GetChildren or OperationCode.GetChildren2 && node is not null)
        {
            connection.Watches.WatchChildren(path);
        }
        else if (watch && (node is not null || code == OperationCode.Exists))
        {
            connection.Watches.WatchData(path);
        }

        return node is null ? new(ZooKeeperErrorCode.NoNode) : new(ZooKeeperErrorCode.Ok, writer => WriteNode(writer, code, node));
    }

    private static void WriteNode(JuteWriter writer, OperationCode code, FakeNode node)
    {
        if (code == OperationCode.GetData)
        {
            writer.WriteBuffer(node.Data is null ? null : node.Data.AsMemory());
        }
        else if (code != OperationCode.Exists)
        {
            writer.WriteInt32(node.Children.Count);
            foreach (var child in node.Children)
            {
                writer.WriteString(child);
            }
        }

        if (code != OperationCode.GetChildren)
        {
            StatRecord.Write(writer, node.FullStat);
        }
    }

    private FakeReply AddWatch(string path, int mode)
    {
        if (mode is not (0 or 1))
        {
            return new(ZooKeeperErrorCode.MarshallingError);
        }

        connection.Watches.WatchPersistently(path, mode == 1);
        return new(ZooKeeperErrorCode.Ok, writer => writer.WriteInt32(0));
    }

    private FakeReply SetWatches(OperationCode code, ref JuteReader reader)
    {
        var since = reader.ReadInt64();
        foreach (var path in reader.ReadStrings())
        {
            connection.Watches.WatchData(path);
            var node = Tree.Find(path);
            FireIf(node is null ? WatchEventType.Deleted : node.Stat.ModifiedZxid > since ? WatchEventType.DataChanged : null, path);
        }

        foreach (var path in reader.ReadStrings())
        {
            connection.Watches.WatchData(path);
            FireIf(Tree.Find(path) is null ? null : WatchEventType.Created, path);
        }

        foreach (var path in reader.ReadStrings())
        {
            connection.Watches.WatchChildren(path);
            var node = Tree.Find(path);
            FireIf(node is null ? WatchEventType.Deleted : node.Stat.ChildrenZxid > since ? WatchEventType.ChildrenChanged : null, path);
        }

        if (code == OperationCode.SetWatches2)
        {
            Array.ForEach(reader.ReadStrings(), path => connection.Watches.WatchPersistently(path, isRecursive: false));
            Array.ForEach(reader.ReadStrings(), path => connection.Watches.WatchPersistently(path, isRecursive: true));
        }

        return Ok;
    }

    private void FireIf(WatchEventType? type, string path)
    {
        if (type is { } missed)
        {
            connection.Fire(missed, path, Tree.Zxid);
        }
    }

    private FakeReply Authenticate(ref JuteReader reader)
    {
        _ = reader.ReadInt32();
        var scheme = reader.ReadString();
        var credentials = Encoding.UTF8.GetString(reader.ReadBuffer() ?? []);
        if (scheme != "digest" || !credentials.Contains(':', StringComparison.Ordinal))
        {
            return new(ZooKeeperErrorCode.AuthFailed, Ends: true);
        }

        connection.Identities.Add(new ZooKeeperIdentity { Scheme = scheme, User = credentials.Split(':')[0] });
        return Ok;
    }

    private void WriteIdentities(JuteWriter writer)
    {
        writer.WriteInt32(connection.Identities.Count);
        foreach (var identity in connection.Identities)
        {
            writer.WriteString(identity.Scheme);
            writer.WriteString(identity.User);
        }
    }

    private FakeReply Ephemerals(string prefix)
    {
        var paths = Tree.Paths.Where(
            path => path.StartsWith(prefix, StringComparison.Ordinal)
                && Tree.Find(path)!.Stat.EphemeralOwner == connection.SessionId).ToArray();
        return new(ZooKeeperErrorCode.Ok, writer =>
        {
            writer.WriteInt32(paths.Length);
            Array.ForEach(paths, writer.WriteString);
        });
    }

    private FakeReply Count(string path)
    {
        var below = path == "/" ? "/" : path + "/";
        var count = Tree.Paths.Count(other => other.Length > below.Length && other.StartsWith(below, StringComparison.Ordinal));
        return Tree.Find(path) is null ? new(ZooKeeperErrorCode.NoNode) : new(ZooKeeperErrorCode.Ok, writer => writer.WriteInt32(count));
    }
}

/// <summary>The reply of a fake server.</summary>
/// <param name="Error">The error in the header.</param>
/// <param name="Write">Writes the record behind the header.</param>
/// <param name="Zxid">The transaction that this server must apply before it sends the reply.</param>
/// <param name="Ends">Whether the connection is closed after the reply.</param>
internal readonly record struct FakeReply(ZooKeeperErrorCode Error, Action<JuteWriter>? Write = null, long Zxid = 0, bool Ends = false);
