namespace NearCache;

/// <summary>Values of one type to bytes and back. Made by an <see cref="IValueFormat"/>; used by all threads at once.</summary>
public abstract class ValueCodec<T>
{
    /// <summary>The client flags of the items that it writes.</summary>
    public abstract uint ClientFlags { get; }

    /// <summary>Whether it is NearCache's own, whose values look the same in every format.</summary>
    internal virtual bool IsOwn => false;

    /// <summary>Whether an old value may be served where a newer one cannot be had, and is remembered for that.</summary>
    internal virtual bool MayBeStale => true;

    /// <summary>Why values of the type are neither written nor read; null: they are.</summary>
    internal virtual string? WhyRefused => null;

    /// <summary>Whether a value was written and read back: the first one shows whether values of the type can be.</summary>
    internal bool HasReadBack { get; set; }

    /// <summary>The client flags of one value.</summary>
    internal virtual uint FlagsOf(T value) => ClientFlags;

    /// <summary>Whether it also reads items with flags that it does not write.</summary>
    internal virtual bool Reads(uint clientFlags) => false;

    /// <summary>Whether a value may be compressed on its way, where the cache compresses.</summary>
    internal virtual bool MayCompress(T value) => true;

    /// <summary>Whether the bytes may be the value's own, which the caller may change once its call has ended.</summary>
    internal virtual bool SharesBytes => true;

    /// <summary>The bytes of a value that is not null. They may be the value's own: they are not changed.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss; the call of the cache throws it, too.</exception>
    /// <remarks>
    /// The first value that is written is read back before it is sent; if that throws, the call of the cache throws
    /// <see cref="NotSupportedException"/>.
    /// </remarks>
    public abstract ReadOnlyMemory<byte> Encode(T value);

    /// <summary>The value, from the bytes of an item that <see cref="IValueFormat.Match"/> found to be one.</summary>
    /// <remarks>
    /// Whatever it throws, other than that memory is out, makes the item a miss, counted with the reason <c>content</c>. The bytes may be
    /// kept for later calls, so they must not be changed, and a value that can be changed must not share them.
    /// </remarks>
    public abstract T Decode(ReadOnlyMemory<byte> bytes);
}
