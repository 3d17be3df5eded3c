namespace NearCache.Memcached.Topology;

/// <summary>Points on a circle of 32 bits, each of which belongs to a server.</summary>
internal sealed class HashRing
{
    private readonly uint[] _points;
    private readonly int[] _owners;

    /// <param name="points">In the order in which they are made. Of equal ones the first stays first.</param>
    public HashRing(IEnumerable<(uint Point, int Owner)> points)
    {
        var sorted = points.OrderBy(entry => entry.Point).ToArray();
        _points = [.. sorted.Select(entry => entry.Point)];
        _owners = [.. sorted.Select(entry => entry.Owner)];
    }

    /// <summary>How many points there are.</summary>
    public int Count => _points.Length;

    /// <summary>Whose point it is.</summary>
    public int OwnerOf(int point) => _owners[point];

    /// <summary>Whether the hash is a point itself.</summary>
    public bool IsAt(int point, uint hash) => _points[point] == hash;

    /// <summary>The first point at or after a hash; <see cref="Count"/> if there is none.</summary>
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
