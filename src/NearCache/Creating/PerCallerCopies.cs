using NearCache.Near;

namespace NearCache.Creating;

/// <summary>Creates a separate instance of a flight's result for each joined caller, because the first caller may change its own.</summary>
/// <remarks>
/// Used only where values cannot be shared. The bytes are kept before the flight completes, and so before any caller can change the value.
/// </remarks>
internal sealed class PerCallerCopies<T>(ValueCodec<T> codec)
{
    private SerializedValue? _bytes;

    public void Keep(T? value, ReadOnlyMemory<byte> bytes) =>
        _bytes = value is null ? null : new SerializedValue(bytes.IsEmpty ? codec.Encode(value) : bytes, codec);

    public CacheResult<T> CopyOf(CacheResult<T> result) =>
        _bytes is { } bytes && bytes.TryDecode<T>(out var own) ? result.With(own!) : result;
}

/// <summary>Extensions for results that may be shared, where there are no copies.</summary>
internal static class PerCallerCopiesExtensions
{
    /// <summary>Keeps the bytes of a result before the flight completes.</summary>
    /// <returns>The result.</returns>
    public static CacheResult<T> Keep<T>(this PerCallerCopies<T>? copies, in CacheResult<T> result, ReadOnlyMemory<byte> bytes = default)
    {
        copies?.Keep(result.Value, bytes);
        return result;
    }

    /// <summary>Returns the function that copies the result for a joined caller; null if callers share it.</summary>
    public static Func<CacheResult<T>, CacheResult<T>>? CopyForJoiner<T>(this PerCallerCopies<T>? copies) =>
        copies is null ? null : copies.CopyOf;
}
