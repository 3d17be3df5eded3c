namespace NearCache.Memcached.Topology;

/// <summary>A ring of 32-bit points, each of which belongs to a server.</summary>
internal sealed class HashRing
{
    private readonly uint[] _points;
    private readonly int[] _owners;

    /// <param name="points">The points, in the order of their creation. Equal points keep that order.</param>
    public HashRing(IEnumerable<(uint Point, int Owner)> points)
    {
        var sorted = points.OrderBy(entry => entry.Point).ToArray();
        _points = [.. sorted.Select(entry => entry.Point)];
        _owners = [.. sorted.Select(entry => entry.Owner)];
    }

    /// <summary>Gets the number of points.</summary>
    public int Count => _points.Length;

    /// <summary>Returns the server that owns a point.</summary>
    public int OwnerOf(int point) => _owners[point];

    /// <summary>Returns whether the hash equals a point.</summary>
    public bool IsAt(int point, uint hash) => _points[point] == hash;

    /// <summary>Returns the index of the first point at or after a hash; <see cref="Count"/> if there is none.</summary>
    public int AtOrAfter(uint hash)
    {
        int low = 0, high = _points.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_points[middle] < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
