using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Watches;

/// <summary>Who watches what. It decides whom a notification concerns, and what is to be set again on a new connection.</summary>
/// <remarks>Source of what a notification fires: ZooKeeper, ZKWatchManager. Paths are those of the caller, below the chroot.</remarks>
internal sealed class WatchRegistry(string chroot)
{
    // Below the 1 MiB that a server takes, and far from it, for a server reads many clients' requests at once after it was restarted.
    private const int ChunkBytes = 128 * 1024;
    private const int ChunkOverhead = 64;
    private readonly Lock _lock = new();   // guards the tables
    private readonly WatchTable[] _tables = [new(), new(), new(), new(), new()];

    /// <summary>How many paths are watched, counted once a table.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _tables.Sum(table => table.Count);
            }
        }
    }

    /// <summary>A request has succeeded.</summary>
    /// <param name="change">What that means here.</param>
    /// <param name="isMissing">The answer was that there is no such node.</param>
    public void Apply(WatchUpdate change, bool isMissing)
    {
        lock (_lock)
        {
            if (change.Removed is { } kind)
            {
                foreach (var slot in SlotsOf(kind))
                {
                    Table(slot).Remove(change.Path, change.Handler);
                }
            }
            else
            {
                // exists() sets a data watch on a node that is there.
                var slot = isMissing && change.Slot == WatchTableKind.Data ? WatchTableKind.Exists : change.Slot;
                Table(slot).Add(change.Path, change.Handler!);
            }
        }
    }

    /// <summary>Whether the handler (null: any) watches the path in that way.</summary>
    public bool Has(string path, WatchKind kind, Action<WatchEvent>? handler)
    {
        lock (_lock)
        {
            return SlotsOf(kind).Any(slot => Table(slot).Has(path, handler));
        }
    }

    /// <summary>Whether anybody else than the handler watches the path in that way, so that the server must go on telling.</summary>
    public bool HasOthers(string path, WatchKind kind, Action<WatchEvent> handler)
    {
        lock (_lock)
        {
            return SlotsOf(kind).Any(slot => Table(slot).TryGet(path, out var handlers) && handlers.Exists(other => other != handler));
        }
    }

    /// <summary>Whom a notification concerns. One-shot watches are taken out.</summary>
    /// <returns>Handlers, each once, and whether it isPersistent.</returns>
    public List<(Action<WatchEvent> Handler, bool IsPersistent)> TakeHandlers(WatchEventType type, string path)
    {
        var fired = new List<(Action<WatchEvent> Handler, bool IsPersistent)>();
        lock (_lock)
        {
            if (type is WatchEventType.Created or WatchEventType.DataChanged or WatchEventType.Deleted)
            {
                Collect(Table(WatchTableKind.Data).Take(path), isPersistent: false, fired);
                Collect(Table(WatchTableKind.Exists).Take(path), isPersistent: false, fired);
            }

            if (type is WatchEventType.ChildrenChanged or WatchEventType.Deleted)
            {
                Collect(Table(WatchTableKind.Children).Take(path), isPersistent: false, fired);
            }

            Collect(Table(WatchTableKind.Persistent).TryGet(path, out var handlers) ? handlers : null, isPersistent: true, fired);

            // A recursive watch hears nothing of children lists: those notifications are for somebody else's watch on the same connection.
            if (type is not WatchEventType.ChildrenChanged && Table(WatchTableKind.Recursive).Count > 0)
            {
                for (var at = path; at.Length > 0; at = Parent(at))
                {
                    Collect(Table(WatchTableKind.Recursive).TryGet(at, out handlers) ? handlers : null, isPersistent: true, fired);
                }
            }
        }

        return fired;
    }

    /// <summary>The session is lost, or the client closed: everything is taken out.</summary>
    public List<(string Path, Action<WatchEvent> Handler)> TakeAll()
    {
        lock (_lock)
        {
            var all = _tables.SelectMany(table => table.All()).Distinct().ToList();
            foreach (var table in _tables)
            {
                table.Clear();
            }

            return all;
        }
    }

    /// <summary>Who watches for ever, and thus has missed what happened between two connections.</summary>
    public List<(string Path, Action<WatchEvent> Handler)> GetPersistent()
    {
        lock (_lock)
        {
            return [.. Table(WatchTableKind.Persistent).All(), .. Table(WatchTableKind.Recursive).All()];
        }
    }

    /// <summary>
    /// The requests that set everything again on a new connection, none above 128 KiB; all with the same point in history.
    /// </summary>
    public List<SetWatchesRequest> CreateSetWatchesRequests(long relativeZxid)
    {
        var requests = new List<SetWatchesRequest>();
        var room = 0;
        lock (_lock)
        {
            foreach (var slot in Enum.GetValues<WatchTableKind>())
            {
                foreach (var path in Table(slot).Paths)
                {
                    var full = chroot.Length == 0 ? path : path.Length == 1 ? chroot : chroot + path;
                    var length = sizeof(int) + System.Text.Encoding.UTF8.GetByteCount(full);
                    if (requests.Count == 0 || room < length)
                    {
                        requests.Add(new SetWatchesRequest(relativeZxid));
                        room = ChunkBytes - ChunkOverhead;
                    }

                    room -= length;
                    List(requests[^1], slot).Add(full);
                }
            }
        }

        return requests;
    }

    private static void Collect(List<Action<WatchEvent>>? handlers, bool isPersistent, List<(Action<WatchEvent> Handler, bool IsPersistent)> fired)
    {
        foreach (var handler in handlers ?? [])
        {
            if (!fired.Exists(other => other.Handler == handler))
            {
                fired.Add((handler, isPersistent));
            }
        }
    }

    private static string Parent(string path) => path.Length == 1 ? "" : path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";

    private static WatchTableKind[] SlotsOf(WatchKind kind) => kind switch
    {
        WatchKind.Children => [WatchTableKind.Children],
        WatchKind.Data => [WatchTableKind.Data, WatchTableKind.Exists],
        _ => Enum.GetValues<WatchTableKind>(),
    };

    private static List<string> List(SetWatchesRequest request, WatchTableKind slot) => slot switch
    {
        WatchTableKind.Data => request.Data,
        WatchTableKind.Exists => request.Exists,
        WatchTableKind.Children => request.Children,
        WatchTableKind.Persistent => request.Persistent,
        _ => request.Recursive,
    };

    private WatchTable Table(WatchTableKind slot) => _tables[(int)slot];
}

/// <summary>What the success of a request means for the watches. Applied in the receive loop, in the order of the replies.</summary>
/// <param name="Path">As the caller names it.</param>
/// <param name="Slot">Where to add.</param>
/// <param name="Handler">Which to add, or to remove; null: all of them are removed.</param>
/// <param name="Removed">What to remove; null: it is added.</param>
internal sealed record WatchUpdate(string Path, WatchTableKind Slot, Action<WatchEvent>? Handler, WatchKind? Removed = null)
{
    /// <summary>For a read: where the watch stands depends on whether the node was there.</summary>
    public static WatchUpdate? ForRead(string path, WatchTableKind slot, Action<WatchEvent>? handler) =>
        handler is null ? null : new WatchUpdate(path, slot, handler);
}
