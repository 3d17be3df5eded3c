using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Watches;

/// <summary>
/// The watches of a client: determines the handlers of a notification and the watches to set again on a new connection. Thread-safe.
/// </summary>
/// <remarks>
/// The folder <c>Watches</c> holds the registered watches (this class) and the calls of their handlers (<see cref="CallbackScheduler"/>).
/// Paths are those of the caller, without the chroot. Source of the rules which watch fires: ZooKeeper, ZKWatchManager.
/// </remarks>
internal sealed class WatchRegistry(string chroot)
{
    // Far below the 1 MiB that a server accepts, because a restarted server reads the requests of many clients at once.
    private const int ChunkBytes = 128 * 1024;
    private const int ChunkOverhead = 64;
    private readonly Lock _lock = new();   // guards the tables
    private readonly WatchTable[] _tables = [new(), new(), new(), new(), new()];

    /// <summary>Gets the number of watched paths. A path in several tables counts several times.</summary>
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

    /// <summary>Applies the success of a request.</summary>
    /// <param name="change">The watch to add or remove.</param>
    /// <param name="isMissing">Whether the reply was that the node does not exist.</param>
    public void Apply(WatchUpdate change, bool isMissing)
    {
        lock (_lock)
        {
            if (change.Removed is { } kind)
            {
                foreach (var tableKind in TablesOf(kind))
                {
                    Table(tableKind).Remove(change.Path, change.Handler);
                }
            }
            else
            {
                // exists() sets a data watch if the node exists.
                var tableKind = isMissing && change.Table == WatchTableKind.Data ? WatchTableKind.Exists : change.Table;
                Table(tableKind).Add(change.Path, change.Handler!);
            }
        }
    }

    /// <summary>Returns whether a handler (null: any handler) watches a path in this way.</summary>
    public bool Has(string path, WatchKind kind, Action<WatchEvent>? handler)
    {
        lock (_lock)
        {
            return TablesOf(kind).Any(tableKind => Table(tableKind).Has(path, handler));
        }
    }

    /// <summary>
    /// Returns whether another handler watches the path in this way, so that the server must continue to send notifications.
    /// </summary>
    public bool HasOthers(string path, WatchKind kind, Action<WatchEvent> handler)
    {
        lock (_lock)
        {
            return TablesOf(kind).Any(
                tableKind => Table(tableKind).TryGet(path, out var handlers) && handlers.Exists(other => other != handler));
        }
    }

    /// <summary>Returns the handlers of a notification, each once, and removes one-shot watches.</summary>
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

            // Recursive watches get no events about lists of children. Such notifications belong to another watch of the connection.
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

    /// <summary>Removes and returns all watches, when the session or the client has ended.</summary>
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

    /// <summary>Returns the persistent watches, which miss the changes between two connections.</summary>
    public List<(string Path, Action<WatchEvent> Handler)> GetPersistent()
    {
        lock (_lock)
        {
            return [.. Table(WatchTableKind.Persistent).All(), .. Table(WatchTableKind.Recursive).All()];
        }
    }

    /// <summary>
    /// Returns the requests that set all watches again on a new connection. Each has at most 128 KiB, and all have the same zxid.
    /// </summary>
    public List<SetWatchesRequest> CreateSetWatchesRequests(long relativeZxid)
    {
        var requests = new List<SetWatchesRequest>();
        var remaining = 0;
        lock (_lock)
        {
            foreach (var tableKind in Enum.GetValues<WatchTableKind>())
            {
                foreach (var path in Table(tableKind).Paths)
                {
                    var full = chroot.Length == 0 ? path : path.Length == 1 ? chroot : chroot + path;
                    var length = sizeof(int) + System.Text.Encoding.UTF8.GetByteCount(full);
                    if (requests.Count == 0 || remaining < length)
                    {
                        requests.Add(new SetWatchesRequest(relativeZxid));
                        remaining = ChunkBytes - ChunkOverhead;
                    }

                    remaining -= length;
                    List(requests[^1], tableKind).Add(full);
                }
            }
        }

        return requests;
    }

    private static void Collect(
        List<Action<WatchEvent>>? handlers, bool isPersistent, List<(Action<WatchEvent> Handler, bool IsPersistent)> fired)
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

    private static WatchTableKind[] TablesOf(WatchKind kind) => kind switch
    {
        WatchKind.Children => [WatchTableKind.Children],
        WatchKind.Data => [WatchTableKind.Data, WatchTableKind.Exists],
        _ => Enum.GetValues<WatchTableKind>(),
    };

    private static List<string> List(SetWatchesRequest request, WatchTableKind tableKind) => tableKind switch
    {
        WatchTableKind.Data => request.Data,
        WatchTableKind.Exists => request.Exists,
        WatchTableKind.Children => request.Children,
        WatchTableKind.Persistent => request.Persistent,
        _ => request.Recursive,
    };

    private WatchTable Table(WatchTableKind tableKind) => _tables[(int)tableKind];
}

/// <summary>The watch that a successful request adds or removes. Applied by the receive loop in the order of the replies.</summary>
/// <param name="Path">The path as the caller passed it.</param>
/// <param name="Table">The table to which the watch is added.</param>
/// <param name="Handler">The handler to add or remove. Null: all handlers are removed.</param>
/// <param name="Removed">The kind of watches to remove. Null: the watch is added.</param>
internal sealed record WatchUpdate(string Path, WatchTableKind Table, Action<WatchEvent>? Handler, WatchKind? Removed = null)
{
    /// <summary>
    /// Returns the update of a read, or null without a handler. The reply determines the table, because it shows whether the node exists.
    /// </summary>
    public static WatchUpdate? ForRead(string path, WatchTableKind tableKind, Action<WatchEvent>? handler) =>
        handler is null ? null : new WatchUpdate(path, tableKind, handler);
}
