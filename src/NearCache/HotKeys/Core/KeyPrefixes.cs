namespace NearCache.HotKeys.Core;

/// <summary>The prefixes of a key that end with a separator: <c>shop:</c> and <c>shop:product:</c> of <c>shop:product:17</c>.</summary>
/// <remarks>An enumerator without allocations, for the path of a remote read.</remarks>
/// <param name="key">The key.</param>
internal ref struct KeyPrefixes(string key)
{
    /// <summary>The greatest number of prefixes of a key.</summary>
    public const int MaxPrefixes = 6;

    // Later separators are part of what identifies a single object.
    private const int MaxLength = 96;

    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    // Bit c & 63 of the word c >> 6: the character c separates parts of a key.
    private static readonly ulong[] Separators = Bits(":/.|#-_");

    private readonly string _key = key;
    private readonly int _end = Math.Min(key.Length - 1, MaxLength);   // a prefix is shorter than the key
    private ulong _hash = OffsetBasis;
    private int _found;

    /// <summary>Gets the length of the present prefix.</summary>
    public int Length { get; private set; }

    /// <summary>Gets the hash of the present prefix.</summary>
    public readonly ulong Hash
    {
        get
        {
            var hash = (_hash ^ _hash >> 33) * 0xff51afd7ed558ccd;
            return hash ^ hash >> 33;
        }
    }

    /// <summary>Returns whether a character separates the parts of a key.</summary>
    public static bool IsSeparator(char letter) => letter < 128 && (Separators[letter >> 6] >> (letter & 63) & 1) != 0;

    /// <summary>Moves to the next prefix.</summary>
    public bool MoveNext()
    {
        if (_found == MaxPrefixes)
        {
            return false;
        }

        while (Length < _end)
        {
            var letter = _key[Length++];
            _hash = (_hash ^ letter) * Prime;
            if (IsSeparator(letter))
            {
                _found++;
                return true;
            }
        }

        return false;
    }

    private static ulong[] Bits(string letters)
    {
        var bits = new ulong[2];
        foreach (var letter in letters)
        {
            bits[letter >> 6] |= 1ul << (letter & 63);
        }

        return bits;
    }
}
