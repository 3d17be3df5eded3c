namespace NearCache.Benchmarks.Near;

/// <summary>Which of some numbers an exact LRU of a capacity would hold: what the near tier's choice is compared with.</summary>
internal sealed class LeastRecentlyUsed(int capacity)
{
    private readonly Dictionary<int, LinkedListNode<int>> _places = new(capacity);
    private readonly LinkedList<int> _recent = [];

    /// <summary>Asks for a number, and puts it in if it is not there.</summary>
    public bool Holds(int number)
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
