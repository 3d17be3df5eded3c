namespace NearCache.Benchmarks.Near;

/// <summary>An exact LRU cache of numbers, the baseline of the near tier's hit ratio.</summary>
internal sealed class ExactLru(int capacity)
{
    private readonly Dictionary<int, LinkedListNode<int>> _places = new(capacity);
    private readonly LinkedList<int> _recent = [];

    /// <summary>Reads a number, and adds it after a miss.</summary>
    /// <returns>Whether it was a hit.</returns>
    public bool Access(int number)
    {
        if (_places.TryGetValue(number, out var place))
        {
            _recent.Remove(place);
            _recent.AddFirst(place);
            return true;
        }

        if (_places.Count >= capacity)
        {
            _places.Remove(_recent.Last!.Value);
            _recent.RemoveLast();
        }

        _places[number] = _recent.AddFirst(number);
        return false;
    }
}
