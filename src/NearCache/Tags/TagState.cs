using NearCache.Coherence.Core;

namespace NearCache.Tags;

/// <summary>The state of one tag in this process: its known version. Entries refer to it, so that a hit needs no lookup.</summary>
internal sealed class TagState(string name)
{
    private TagEntry? _current;
    private volatile bool _isRetired;
    private volatile TagDependency[]? _single;

    /// <summary>Gets the name of the tag.</summary>
    public string Name => name;

    /// <summary>Gets the known version, or null if it is unknown.</summary>
    public TagEntry? Current => Volatile.Read(ref _current);

    /// <summary>
    /// Gets a value indicating whether the state no longer receives removals, so that an entry that refers to it needs another one.
    /// </summary>
    public bool IsRetired => _isRetired;

    /// <summary>Returns the dependencies of an entry with only this tag, the most frequent case.</summary>
    /// <remarks>Entries share one array, so that it stays in the CPU cache.</remarks>
    public TagDependency[] SingleDependency(ulong version)
    {
        var single = _single;
        return single is not null && single[0].Version == version ? single : _single = [new TagDependency(this, version)];
    }

    /// <summary>Sets the version. It becomes servable if its token is still valid then.</summary>
    public void Publish(TagEntry entry, in FillToken token)
    {
        Interlocked.Exchange(ref _current, entry);
        if (!_isRetired && entry.Server.MayServe(token))
        {
            entry.MakeServable();
        }
        else
        {
            Interlocked.CompareExchange(ref _current, null, entry);
        }
    }

    /// <summary>Clears the version after a removal of the tag. Requires that its stripe was advanced before.</summary>
    public void Void() => Interlocked.Exchange(ref _current, null);

    /// <summary>Retires the state, because the table has dropped it.</summary>
    public void Retire()
    {
        _isRetired = true;
        Void();
    }
}
