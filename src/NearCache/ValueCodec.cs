namespace NearCache;

/// <summary>
/// Converts values of one type to bytes and back. Created by an <see cref="IValueFormat"/>, and used by all threads concurrently.
/// </summary>
public abstract class ValueCodec<T> : ISharesBytes
{
    private readonly DecodedSize _size = new();

    /// <summary>Gets the client flags of the items that this codec writes.</summary>
    public abstract uint ClientFlags { get; }

    /// <summary>Gets a value indicating whether the codec is NearCache's own; its items are the same in every format.</summary>
    internal virtual bool IsOwn => false;

    /// <summary>Gets a value indicating whether values of the type may be kept and served as stale values.</summary>
    internal virtual bool MayBeStale => true;

    /// <summary>Gets the reason why values of the type are neither written nor read; null if they are.</summary>
    internal virtual string? WhyRefused => null;

    /// <summary>
    /// Gets or sets a value indicating whether a value has been written and read back, which proves that the type is supported.
    /// </summary>
    internal bool HasReadBack { get; set; }

    /// <summary>Returns the client flags of one value.</summary>
    internal virtual uint FlagsOf(T value) => ClientFlags;

    /// <summary>Returns whether the codec reads items with flags that it does not write itself.</summary>
    internal virtual bool Reads(uint clientFlags) => false;

    /// <summary>Returns whether a value may be compressed, where the cache compresses.</summary>
    internal virtual bool MayCompress(T value) => true;

    /// <summary>
    /// Gets a value indicating whether encoded bytes may share memory with the value, which the caller may change after its call.
    /// </summary>
    internal virtual bool SharesBytes => true;

    bool ISharesBytes.SharesBytes => SharesBytes;

    /// <summary>
    /// Returns the bytes of a value that is not null. They may share memory with the value; NearCache does not change them.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The value cannot be written without loss. The call of the cache throws this exception.
    /// </exception>
    /// <remarks>
    /// The first value is read back before it is sent. If that throws, the call of the cache throws <see cref="NotSupportedException"/>.
    /// </remarks>
    public abstract ReadOnlyMemory<byte> Encode(T value);

    /// <summary>Returns the value of an item that <see cref="IValueFormat.Match"/> has accepted.</summary>
    /// <remarks>
    /// Any exception except <see cref="OutOfMemoryException"/> makes the item a miss, counted with the reason <c>content</c>. The bytes may
    /// be kept for later calls, so they must not be changed, and a mutable value must not share them.
    /// </remarks>
    public abstract T Decode(ReadOnlyMemory<byte> bytes);

    /// <summary>Estimates the memory of a value that is kept as an object, such as a graph that all callers share.</summary>
    internal virtual long MemoryOf(T value, ReadOnlyMemory<byte> bytes) =>
        IsOwn ? bytes.Length : _size.Of(bytes, this, static (codec, bytes) => codec.Decode(bytes));
}

/// <summary>Tells of a codec of any type whether its bytes may share memory with the value that they were encoded from.</summary>
internal interface ISharesBytes
{
    bool SharesBytes { get; }
}

/// <summary>Estimates the memory of decoded values of one type, such as graphs that all callers share. Thread-safe.</summary>
/// <remarks>
/// In proportion to their bytes, by what decoding some of them allocates. That is at least the size of the graph, and what decoding
/// discards besides.
/// </remarks>
internal sealed class DecodedSize
{
    // One value in 64 (a power of two) is measured, beginning with the first.
    private const int MeasuredMask = 0x3F;

    private int _estimates;
    private int _measured;   // the length of the value measured last
    private double _growth = 1;

    /// <summary>Estimates the memory of a value.</summary>
    /// <param name="bytes">The encoded value.</param>
    /// <param name="codec">What decodes it.</param>
    /// <param name="decode">Decodes it, and drops the result.</param>
    public long Of<TCodec>(ReadOnlyMemory<byte> bytes, TCodec codec, Action<TCodec, ReadOnlyMemory<byte>> decode)
    {
        // What each decoding allocates besides weighs much in a small value: one twice as large is measured again.
        if ((Interlocked.Increment(ref _estimates) & MeasuredMask) == 1 || bytes.Length / 2 > Volatile.Read(ref _measured))
        {
            Measure(bytes, codec, decode);
        }

        return (long)(bytes.Length * Volatile.Read(ref _growth));
    }

    private void Measure<TCodec>(ReadOnlyMemory<byte> bytes, TCodec codec, Action<TCodec, ReadOnlyMemory<byte>> decode)
    {
        Volatile.Write(ref _measured, bytes.Length);
        try
        {
            decode(codec, bytes);   // the first decoding of a type allocates what later ones share
            var before = GC.GetAllocatedBytesForCurrentThread();
            decode(codec, bytes);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Volatile.Write(ref _growth, Math.Max(1, (double)allocated / Math.Max(1, bytes.Length)));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A codec of the application may throw any exception. A read reports it.
        }
    }
}
