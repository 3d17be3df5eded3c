using NearCache.Coherence.Core;

namespace NearCache.Tags;

/// <summary>
/// Where this process knows the version of one tag. Entries refer to the cells of their tags, so that a hit looks nothing up.
/// </summary>
internal sealed class TagCell(string name)
{
    private TagEntry? _current;
    private volatile bool _isRetired;
    private volatile TagStamp[]? _alone;

    /// <summary>The tag.</summary>
    public string Name => name;

    /// <summary>What is known; null: nothing.</summary>
    public TagEntry? Current => Volatile.Read(ref _current);

    /// <summary>Nobody tells this cell of removals any more: whoever refers to it takes another.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>
    /// The stamps of an entry that has this tag alone, as most have that of everything: they share one array, so that their hits find it in
    /// the processor's cache.
    /// </summary>
    public TagStamp[] Alone(ulong version)
    {
        var alone = _alone;
        return alone is not null && alone[0].Version == version ? alone : _alone = [new TagStamp(this, version)];
    }

    /// <summary>Puts a version in, and lets it be relied upon if its token is still true then.</summary>
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

    /// <summary>The tag was removed. Whoever calls has advanced its stripe before.</summary>
    public void Void() => Interlocked.Exchange(ref _current, null);

    /// <summary>The board forgets the cell.</summary>
    public void Retire()
    {
        _isRetired = true;
        Void();
    }
}
