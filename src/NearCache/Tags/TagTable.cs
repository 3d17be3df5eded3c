using System.Collections.Concurrent;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tags;

/// <summary>
/// The cells of all tags that this process has met, at most <paramref name="capacity"/> of them: beyond that some are forgotten, and read
/// again when they are needed.
/// </summary>
internal sealed class TagTable(int capacity)
{
    /// <summary>What the keys of tags begin with.</summary>
    public const string Prefix = "~tag:";

    private readonly ConcurrentDictionary<string, TagCell> _cells = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ServerGate, TagCell> _everything = new();
    private int _isTrimming;

    /// <summary>How many cells there are, those of all entries left out.</summary>
    public int Count => _cells.Count;

    /// <summary>The cell of a tag; of <see cref="TagVersion.Everything"/>, the one of this server.</summary>
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

    /// <summary>A tag was removed somewhere: what is known of it counts no more.</summary>
    /// <param name="key">The tag's key, with its prefix.</param>
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

    // What is not known first; then whatever comes, a tenth of all.
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
