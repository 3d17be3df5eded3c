using System.Buffers;

namespace NearCache.Memcached.Connections;

/// <summary>
/// A buffer for a value that has not arrived completely. It grows as bytes arrive, so that an announced length alone allocates little
/// memory.
/// </summary>
internal struct LargeValueBuffer
{
    // A value up to the default size limit is not copied again.
    private const int FirstBytes = 1024 * 1024;
    private readonly bool _isRented;
    private readonly int _length;

    private LargeValueBuffer(int length, bool isRented) => (_length, _isRented) = (length, isRented);

    /// <summary>Gets the bytes that have arrived; in the end at least as long as the value. Null if the bytes are dropped.</summary>
    public byte[]? Array { readonly get; private set; }

    /// <summary>Creates a buffer that ends as an array of exactly the value's length.</summary>
    public static LargeValueBuffer Exact(int length)
    {
        var value = new LargeValueBuffer(length, isRented: false);
        value.Array = value.Allocate(Math.Min(length, FirstBytes));
        return value;
    }

    /// <summary>Creates a buffer in an array of the shared pool, which must be returned after use.</summary>
    public static LargeValueBuffer Rented(int length)
    {
        var value = new LargeValueBuffer(length, isRented: true);
        value.Array = value.Allocate(Math.Min(length, FirstBytes));
        return value;
    }

    /// <summary>
    /// Returns the memory for the bytes after <paramref name="offset"/>, at least one byte. Requires <see cref="Array"/>.
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

    /// <summary>Returns the array to the pool if it was rented.</summary>
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
