namespace NearCache.Near.Eviction;

/// <summary>A first-in-first-out list that runs through its nodes. Not thread-safe.</summary>
internal sealed class EvictionList
{
    private EvictionNode? _newest;

    /// <summary>Gets the oldest node, or null if the list is empty.</summary>
    public EvictionNode? Oldest { get; private set; }

    /// <summary>Gets the number of nodes.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the sum of the nodes' sizes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a node as the newest.</summary>
    public void Add(EvictionNode node)
    {
        node.Older = _newest;
        if (_newest is null)
        {
            Oldest = node;
        }
        else
        {
            _newest.Newer = node;
        }

        _newest = node;
        Count++;
        Bytes += node.Bytes;
    }

    /// <summary>Changes the size of a node of the list.</summary>
    public void Resize(EvictionNode node, int bytes)
    {
        Bytes += bytes - node.Bytes;
        node.Bytes = bytes;
    }

    /// <summary>Removes a node of the list.</summary>
    public void Remove(EvictionNode node)
    {
        if (node.Older is null)
        {
            Oldest = node.Newer;
        }
        else
        {
            node.Older.Newer = node.Newer;
        }

        if (node.Newer is null)
        {
            _newest = node.Older;
        }
        else
        {
            node.Newer.Older = node.Older;
        }

        // A reader may still hold the node; the node must not keep others alive.
        (node.Older, node.Newer) = (null, null);
        Count--;
        Bytes -= node.Bytes;
    }
}
