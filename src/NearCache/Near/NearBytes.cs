namespace NearCache.Near;

/// <summary>The bytes of a mutable value, from which each caller receives its own copy.</summary>
/// <param name="bytes">The bytes as read from the remote.</param>
/// <param name="codec">
/// The <see cref="ValueCodec{T}"/> that decodes the bytes, or a <see cref="FetchedItem"/> if no caller has read the value yet.
/// </param>
internal sealed class NearBytes(ReadOnlyMemory<byte> bytes, object codec)
{
    // A byte array is stored without a copy, and its writer may change it.
    private readonly ReadOnlyMemory<byte> _bytes = codec is ValueCodec<byte[]> ? bytes.ToArray() : bytes;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Gets the prefetched item; null after a caller has read the value.</summary>
    public FetchedItem? Fetched => codec as FetchedItem;

    /// <summary>
    /// Decodes a new copy of the value. Returns false if the bytes have another type or cannot be decoded; the caller then reads the
    /// remote tier, which counts the failure.
    /// </summary>
    public bool TryDecode<T>(out T? value)
    {
        if (codec is ValueCodec<T> same)
        {
            try
            {
                value = same.Decode(_bytes);
                return true;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A custom format or converter may throw any exception.
            }
        }

        value = default;
        return false;
    }
}
