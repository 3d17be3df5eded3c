using NearCache.Coherence.Core;

namespace NearCache.Tags;

/// <summary>
/// Holds the version of one tag that is known in this process. Entries refer to the cells of their tags, so that a hit needs no lookup.
/// </summary>
internal sealed class TagCell(string name)
{
    private TagEntry? _current;
    private volatile bool _isRetired;
    private volatile TagStamp[]? _alone;

    /// <summary>Gets the name of the tag.</summary>
    public string Name => name;

    /// <summary>Gets the known version, or null if it is unknown.</summary>
    public TagEntry? Current => Volatile.Read(ref _current);

    /// <summary>
    /// Gets a value indicating whether the cell no longer receives removals, so that an entry that refers to it needs another one.
    /// </summary>
    public bool IsRetired => _isRetired;

    /// <summary>
    /// Returns the stamps of an entry with only this tag, which most entries have. They share one array, so that hits find it in the CPU
    /// cache.
    /// </summary>
    public TagStamp[] Alone(ulong version)
    {
        var alone = _alone;
        return alone is not null && alone[0].Version == version ? alone : _alone = [new TagStamp(this, version)];
    }

    /// <summary>Sets the version. It becomes servable if its token is still valid then.</summary>
    public void Publish(TagEntry entry, in FillToken token)
    {
        Interlocked.Exchange(ref _current, entry);
        if (!_isRetired && entry.Server.MayServe(token))
        {
            entry.GoLive();
        }
        else
        {
            Interlocked.CompareExchange(ref _current, null, entry);
        }
    }

    /// <summary>Clears the version after a removal of the tag. Requires that its stripe was advanced before.</summary>
    public void Void() => Interlocked.Exchange(ref _current, null);

    /// <summary>Retires the cell, because the table has dropped it.</summary>
    public void Retire()
    {
        _isRetired = true;
        Void();
    }
}
