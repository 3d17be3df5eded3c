namespace NearCache.Near.Eviction;

/// <summary>A count-min sketch of four-bit counters: an estimate of how often a key was used recently. Not thread-safe.</summary>
/// <remarks>
/// All counters are halved after some additions, so that old popularity fades: a few by each of the next additions, so that none takes
/// long.
/// </remarks>
internal sealed class FrequencySketch
{
    private const int Rows = 4;
    private const int MaxCount = 15;
    private const ulong HalfMask = 0x7777_7777_7777_7777;

    // Additions per entry of the capacity after which the counters are halved: long enough for rates near the average to show.
    private const int AdditionsPerEntry = 40;

    private const int WordsPerAddition = 64;

    private readonly ulong[] _words;
    private readonly long _period;
    private long _additions;
    private int _halved;   // the words that were halved since the last period; all of them, except for a while after its end

    /// <summary>Creates an empty sketch.</summary>
    /// <param name="entries">The number of entries that the cache holds.</param>
    public FrequencySketch(int entries)
    {
        _words = new ulong[Math.Max(4, 2 * entries)];
        _halved = _words.Length;
        _period = (long)AdditionsPerEntry * entries;
    }

    /// <summary>Returns the estimated count of a key, at most 15.</summary>
    public int Estimate(uint hash)
    {
        var least = MaxCount;
        for (var row = 0; row < Rows; row++)
        {
            var (word, shift) = Place(hash, row);
            least = Math.Min(least, (int)(_words[word] >> shift) & MaxCount);
        }

        return least;
    }

    /// <summary>Counts uses of a key.</summary>
    public void Add(uint hash, int uses = 1)
    {
        for (; uses > 0; uses--)
        {
            AddOne(hash);
        }
    }

    // Only the smallest counters are raised (conservative update): the others hold other keys' uses as well.
    private void AddOne(uint hash)
    {
        var least = Estimate(hash);
        for (var row = 0; row < Rows && least < MaxCount; row++)
        {
            var (word, shift) = Place(hash, row);
            if ((int)(_words[word] >> shift & MaxCount) == least)
            {
                _words[word] += 1UL << shift;
            }
        }

        if (++_additions >= _period)
        {
            _additions /= 2;
            _halved = 0;
        }

        if (_halved < _words.Length)
        {
            HalveNext();
        }
    }

    private void HalveNext()
    {
        var words = _words.AsSpan(_halved, Math.Min(WordsPerAddition, _words.Length - _halved));
        foreach (ref var word in words)
        {
            word = word >> 1 & HalfMask;
        }

        _halved += words.Length;
    }

    // Each row has four counters of each word.
    private (int Word, int Shift) Place(uint hash, int row)
    {
        var mixed = HashMixer.Mix(hash, (uint)row);
        return ((int)((ulong)mixed * (uint)_words.Length >> 32), (row * 16) + (int)(mixed & 3) * 4);
    }
}
