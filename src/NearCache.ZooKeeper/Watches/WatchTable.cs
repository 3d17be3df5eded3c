using System.Diagnostics.CodeAnalysis;

namespace NearCache.ZooKeeper.Watches;

/// <summary>Handlers by path. A handler stands once at a path, however often it was set there.</summary>
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

    /// <summary>Whether the handler stands there; null: whether any does.</summary>
    public bool Has(string path, Action<WatchEvent>? handler) =>
        _byPath.TryGetValue(path, out var handlers) && (handler is null || handlers.Contains(handler));

    /// <summary>Takes all handlers of a path out.</summary>
    public List<Action<WatchEvent>>? Take(string path)
    {
        _byPath.Remove(path, out var handlers);
        return handlers;
    }

    /// <summary>Takes one handler, or all (null), off a path.</summary>
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

/// <summary>The tables of watches: what the server keeps apart.</summary>
internal enum WatchTableKind
{
    /// <summary>Data of a node that exists.</summary>
    Data,

    /// <summary>A node that does not exist yet.</summary>
    Exists,

    /// <summary>The children of a node.</summary>
    Children,

    /// <summary>A node, for ever.</summary>
    Persistent,

    /// <summary>A node and all below it, for ever.</summary>
    Recursive,
}
