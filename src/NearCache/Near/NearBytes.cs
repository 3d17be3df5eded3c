namespace NearCache.Near;

/// <summary>A value that could be changed by whoever gets it, as bytes.</summary>
/// <param name="bytes">As they came from the remote.</param>
/// <param name="codec">
/// The <see cref="ValueCodec{T}"/> of the type that they were read as, or the <see cref="FetchedItem"/> that nobody has read yet.
/// </param>
internal sealed class NearBytes(ReadOnlyMemory<byte> bytes, object codec)
{
    // An array of bytes is written as it is, and whoever wrote it may change it.
    private readonly ReadOnlyMemory<byte> _bytes = codec is ValueCodec<byte[]> ? bytes.ToArray() : bytes;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>What they are if nobody has read them yet; else null.</summary>
    public FetchedItem? Fetched => codec as FetchedItem;

    /// <summary>
    /// Makes a value of its own for one caller. False: the bytes were read as another type, or their codec cannot read them. The remote is
    /// asked then, where that is counted.
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
                // A format or a converter of the application's own may throw anything.
            }
        }

        value = default;
        return false;
    }
}
