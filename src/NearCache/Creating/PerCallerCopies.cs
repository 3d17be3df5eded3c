using NearCache.Near;

namespace NearCache.Creating;

/// <summary>
/// What a flight has brought, for those who have joined it: its own caller may change the instance that it gets, so each of the others gets
/// one of its own.
/// </summary>
/// <remarks>
/// Made only where values cannot be shared; the bytes are kept before the flight lands, and so before anybody can change the value.
/// </remarks>
internal sealed class PerCallerCopies<T>(ValueCodec<T> codec)
{
    private NearBytes? _bytes;

    public void Keep(T? value, ReadOnlyMemory<byte> bytes) =>
        _bytes = value is null ? null : new NearBytes(bytes.IsEmpty ? codec.Encode(value) : bytes, codec);

    public CacheResult<T> CopyOf(CacheResult<T> result) => _bytes is { } bytes && bytes.TryDecode<T>(out var own) ? result.With(own!) : result;
}

/// <summary>The same where there may be none, because values can be shared.</summary>
internal static class PerCallerCopiesExtensions
{
    /// <summary>Keeps what a flight is about to bring.</summary>
    /// <returns>What it brings.</returns>
    public static CacheResult<T> Keep<T>(this PerCallerCopies<T>? copies, in CacheResult<T> result, ReadOnlyMemory<byte> bytes = default)
    {
        copies?.Keep(result.Value, bytes);
        return result;
    }

    /// <summary>What makes of the flight's result another caller's.</summary>
    public static Func<CacheResult<T>, CacheResult<T>>? CopyForJoiner<T>(this PerCallerCopies<T>? copies) => copies is null ? null : copies.CopyOf;
}
