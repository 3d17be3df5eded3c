using System.Collections.Concurrent;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tags;

/// <summary>
/// The cells of the tags known to this process, at most <paramref name="capacity"/>. Dropped cells are read again when they are needed.
/// </summary>
internal sealed class TagTable(int capacity)
{
    /// <summary>The prefix of the keys of tags.</summary>
    public const string Prefix = "~tag:";

    private readonly ConcurrentDictionary<string, TagCell> _cells = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ServerGate, TagCell> _everything = new();
    private int _isTrimming;

    /// <summary>Gets the number of cells, without those of all entries.</summary>
    public int Count => _cells.Count;

    /// <summary>Returns the cell of a tag; for <see cref="TagVersion.Everything"/>, that of this server.</summary>
    public TagCell CellOf(string name, ServerGate server)
    {
        if (name == TagVersion.Everything)
        {
            return _everything.GetOrAdd(server, static _ => new TagCell(TagVersion.Everything));
        }

        if (_cells.TryGetValue(name, out var cell))
        {
            return cell;
        }

        cell = _cells.GetOrAdd(name, static name => new TagCell(name));
        if (_cells.Count > capacity && Interlocked.CompareExchange(ref _isTrimming, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static board => board.Trim(), this, preferLocal: false);
        }

        return cell;
    }

    /// <summary>Clears the version of a tag that was removed.</summary>
    /// <param name="key">The key of the tag, with its prefix.</param>
    public void Void(string key)
    {
        var name = key[Prefix.Length..];
        if (name == TagVersion.Everything)
        {
            foreach (var (_, everything) in _everything)
            {
                everything.Void();
            }
        }
        else if (_cells.TryGetValue(name, out var cell))
        {
            cell.Void();
        }
    }

    // Drops a tenth of the cells: those without a version first.
    private void Trim()
    {
        var spare = _cells.Count - capacity + (capacity / 10);
        foreach (var mustBeEmpty in new[] { true, false })
        {
            foreach (var (name, cell) in _cells)
            {
                if (spare > 0 && (!mustBeEmpty || cell.Current is null) && _cells.TryRemove(name, out _))
                {
                    cell.Retire();
                    spare--;
                }
            }
        }

        Volatile.Write(ref _isTrimming, 0);
    }
}
