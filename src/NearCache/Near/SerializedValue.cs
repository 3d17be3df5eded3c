namespace NearCache.Near;

/// <summary>A mutable value, kept as bytes: each hit decodes its own copy.</summary>
/// <param name="bytes">The bytes as the remote stores them.</param>
/// <param name="codec">
/// The <see cref="ValueCodec{T}"/> of the type that the bytes were read as, or an <see cref="UndecodedFormat"/> until the first read.
/// </param>
internal sealed class SerializedValue(ReadOnlyMemory<byte> bytes, object codec)
{
    // The bytes may share memory with the value that they were encoded from, which its owner may change.
    private readonly ReadOnlyMemory<byte> _bytes = codec is ISharesBytes { SharesBytes: true } ? bytes.ToArray() : bytes;

    /// <summary>Gets the bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Gets the format of bytes that no caller has decoded yet; otherwise null.</summary>
    public UndecodedFormat? Undecoded => codec as UndecodedFormat;

    /// <summary>Decodes a copy for one caller.</summary>
    /// <returns>
    /// False if the bytes were read as another type, or if the codec fails. The caller then reads from the remote, where failures are
    /// counted.
    /// </returns>
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
                // A format or a converter of the application may throw any exception.
            }
        }

        value = default;
        return false;
    }
}

/// <summary>Takes the place of the codec in a <see cref="SerializedValue"/> whose bytes were fetched before their type is known.</summary>
/// <param name="ClientFlags">The client flags of the item, which state the format of the bytes.</param>
internal sealed record UndecodedFormat(uint ClientFlags);
