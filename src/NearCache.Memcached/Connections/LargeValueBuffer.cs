using System.Buffers;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Memory for a value that is larger than what has arrived of it: grows as bytes arrive, so that a length alone makes the client allocate
/// little.
/// </summary>
internal struct LargeValueBuffer
{
    // A value of the default limit is not copied again.
    private const int FirstBytes = 1024 * 1024;
    private readonly bool _isRented;
    private readonly int _length;

    private LargeValueBuffer(int length, bool isRented) => (_length, _isRented) = (length, isRented);

    /// <summary>What has arrived; when all has, at least as long as the value. Null when the bytes are dropped.</summary>
    public byte[]? Array { readonly get; private set; }

    /// <summary>The bytes go into an array that is exactly as long as the value.</summary>
    public static LargeValueBuffer Exact(int length)
    {
        var value = new LargeValueBuffer(length, isRented: false);
        value.Array = value.Allocate(Math.Min(length, FirstBytes));
        return value;
    }

    /// <summary>The bytes go into an array of the shared pool, to be returned after use.</summary>
    public static LargeValueBuffer Rented(int length)
    {
        var value = new LargeValueBuffer(length, isRented: true);
        value.Array = value.Allocate(Math.Min(length, FirstBytes));
        return value;
    }

    /// <summary>
    /// Returns memory for what comes after <paramref name="offset"/> bytes: at least one byte. Requires <see cref="Array"/>.
    /// </summary>
    public Memory<byte> After(int offset)
    {
        if (offset == Array!.Length)
        {
            var larger = Allocate((int)Math.Min(_length, Array.Length * 2L));
            Array.CopyTo(larger, 0);
            Release();
            Array = larger;
        }

        return Array.AsMemory(offset, Math.Min(Array.Length, _length) - offset);
    }

    /// <summary>Returns the array to the pool if it is the pool's.</summary>
    public void Release()
    {
        if (_isRented && Array is not null)
        {
            ArrayPool<byte>.Shared.Return(Array);
        }

        Array = null;
    }

    private readonly byte[] Allocate(int bytes) =>
        _isRented ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);
}
