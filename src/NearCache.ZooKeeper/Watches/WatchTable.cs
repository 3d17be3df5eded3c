using System.Diagnostics.CodeAnalysis;

namespace NearCache.ZooKeeper.Watches;

/// <summary>Handlers by path. A handler is stored once per path, however often it was set.</summary>
internal sealed class WatchTable
{
    private readonly Dictionary<string, List<Action<WatchEvent>>> _byPath = new(StringComparer.Ordinal);

    public int Count => _byPath.Count;

    public IReadOnlyCollection<string> Paths => _byPath.Keys;

    public void Add(string path, Action<WatchEvent> handler)
    {
        if (!_byPath.TryGetValue(path, out var handlers))
        {
            _byPath.Add(path, [handler]);
        }
        else if (!handlers.Contains(handler))
        {
            handlers.Add(handler);
        }
    }

    public bool TryGet(string path, [NotNullWhen(true)] out List<Action<WatchEvent>>? handlers) => _byPath.TryGetValue(path, out handlers);

    /// <summary>Returns whether the handler (null: any handler) is stored for the path.</summary>
    public bool Has(string path, Action<WatchEvent>? handler) =>
        _byPath.TryGetValue(path, out var handlers) && (handler is null || handlers.Contains(handler));

    /// <summary>Removes and returns all handlers of a path.</summary>
    public List<Action<WatchEvent>>? Take(string path)
    {
        _byPath.Remove(path, out var handlers);
        return handlers;
    }

    /// <summary>Removes one handler, or all of them (null), from a path.</summary>
    public void Remove(string path, Action<WatchEvent>? handler)
    {
        if (handler is null)
        {
            _byPath.Remove(path);
        }
        else if (_byPath.TryGetValue(path, out var handlers) && handlers.Remove(handler) && handlers.Count == 0)
        {
            _byPath.Remove(path);
        }
    }

    public IEnumerable<(string Path, Action<WatchEvent> Handler)> All() =>
        _byPath.SelectMany(entry => entry.Value.Select(handler => (entry.Key, handler)));

    public void Clear()
    {
        _byPath.Clear();
        _byPath.TrimExcess();
    }
}

/// <summary>Specifies the tables of watches, which the server keeps apart.</summary>
internal enum WatchTableKind
{
    /// <summary>Data watches of nodes that exist.</summary>
    Data,

    /// <summary>Watches of nodes that do not exist yet.</summary>
    Exists,

    /// <summary>Watches of lists of children.</summary>
    Children,

    /// <summary>Persistent watches of a node.</summary>
    Persistent,

    /// <summary>Persistent watches of a node and all nodes below it.</summary>
    Recursive,
}
