using System.Collections.Concurrent;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tags;

/// <summary>
/// The states of the tags known to this process, at most <paramref name="capacity"/>. Dropped states are read again when they are needed.
/// </summary>
internal sealed class TagTable(int capacity)
{
    /// <summary>The prefix of the keys of tags.</summary>
    public const string Prefix = "~tag:";

    private readonly ConcurrentDictionary<string, TagState> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ServerGate, TagState> _everything = new();
    private int _isTrimming;

    /// <summary>Gets the number of states, without those of all entries.</summary>
    public int Count => _states.Count;

    /// <summary>Returns the state of a tag; for <see cref="TagVersion.Everything"/>, that of this server.</summary>
    public TagState StateOf(string name, ServerGate server)
    {
        if (name == TagVersion.Everything)
        {
            return _everything.GetOrAdd(server, static _ => new TagState(TagVersion.Everything));
        }

        if (_states.TryGetValue(name, out var state))
        {
            return state;
        }

        state = _states.GetOrAdd(name, static name => new TagState(name));
        if (_states.Count > capacity && Interlocked.CompareExchange(ref _isTrimming, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static table => table.Trim(), this, preferLocal: false);
        }

        return state;
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
        else if (_states.TryGetValue(name, out var state))
        {
            state.Void();
        }
    }

    // Drops a tenth of the states: those without a version first.
    private void Trim()
    {
        var spare = _states.Count - capacity + (capacity / 10);
        foreach (var mustBeEmpty in new[] { true, false })
        {
            foreach (var (name, state) in _states)
            {
                if (spare > 0 && (!mustBeEmpty || state.Current is null) && _states.TryRemove(name, out _))
                {
                    state.Retire();
                    spare--;
                }
            }
        }

        Volatile.Write(ref _isTrimming, 0);
    }
}
