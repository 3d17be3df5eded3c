using System.Buffers;
using System.ComponentModel;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Near;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>A value of the <see cref="HybridCache"/> with the versions of its tags: what is stored, and what is kept near.</summary>
/// <remarks>
/// To callers it never changes. It learns, by anyone who finds out: the cells of its tags, and the value itself where that can be shared.
/// </remarks>
[ImmutableObject(true)]
internal sealed class HybridItem
{
    private const long NotMadeHere = long.MinValue;
    private static readonly object NullMark = new();

    private volatile TagVersion[]? _tags;   // gone once their cells are found
    private volatile object? _value;   // shared by all who get it
    private volatile HybridPayload? _payload;
    private volatile TagStamp[]? _stamps;
    private readonly long _madeAt = NotMadeHere;
    private object? _own;   // decoded for the one who asked, and not yet taken

    /// <summary>An item as it was read.</summary>
    public HybridItem(TagVersion[] tags, bool isNull, HybridPayload payload) =>
        (_tags, _value, _payload) = (tags, isNull ? NullMark : null, payload);

    private HybridItem(TagVersion[] tags, object? value, HybridPayload payload, long? madeAt) =>
        (_tags, _value, _payload, _madeAt) = (tags, value, payload, madeAt ?? NotMadeHere);

    /// <summary>The versions of its tags when it was made; null where they could not be known, and it may not be stored.</summary>
    public TagVersion[] Tags
    {
        get
        {
            // One of them is always there; a second look is for the moment in which they change.
            while (true)
            {
                if (_stamps is { } stamps)
                {
                    return Array.ConvertAll(stamps, stamp => new TagVersion(stamp.Cell.Name, stamp.Version));
                }

                if (_tags is { } tags)
                {
                    return tags;
                }
            }
        }
    }

    /// <summary>Whether the versions of its tags are known, of everything at least: if not, it is its maker's alone.</summary>
    public bool IsStamped => _stamps is not null || _tags is not { Length: 0 };

    /// <summary>When its factory began, if it was made in this process and not read.</summary>
    public long? MadeAt => _madeAt == NotMadeHere ? null : _madeAt;

    /// <summary>The bytes that stand for the item outside; null when they were dropped, because the value is at hand.</summary>
    public HybridPayload? Payload => _payload;

    /// <summary>Makes an item of a value.</summary>
    public static HybridItem Of<T>(T value, TagVersion[] tags, HybridSerializers serializers, bool mayPack = true, long? madeAt = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        HybridItemCodec.WriteHeader(writer, tags, value is null);
        var header = writer.WrittenCount;
        if (value is not null)
        {
            serializers.Write(value, writer);
        }

        object? shared = value is null ? NullMark : serializers.Shares<T>() ? value : null;
        var payload = new HybridPayload(writer.WrittenSpan.ToArray(), header)
        {
            MayCompress = mayPack,
            HasFields = value is not null && serializers.HasFields<T>(),
        };
        return new HybridItem(tags, shared, payload, madeAt);
    }

    /// <summary>The places where the versions of its tags are known.</summary>
    /// <param name="find">Finds them.</param>
    public TagStamp[] Stamps(Func<TagVersion[], TagStamp[]> find)
    {
        var stamps = _stamps;
        if (stamps is null || Array.Exists(stamps, stamp => stamp.Cell.IsRetired))
        {
            _stamps = stamps = find(Tags);
            _tags = null;
        }

        return stamps;
    }

    /// <summary>The same as far as they were found before.</summary>
    public TagStamp[]? KnownStamps => _stamps;

    /// <summary>
    /// The value, a copy of its own for each caller unless it cannot be changed. False: it is none that can be read as a
    /// <typeparamref name="T"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake<T>(HybridSerializers serializers, out T? value)
    {
        var shared = _value;
        return (Typed.Is(shared, out value) && !ReferenceEquals(shared, NullMark)) || TryRead(serializers, out value);
    }

    /// <summary>
    /// Finds out whether there is a value that can be read as a <typeparamref name="T"/>; <see cref="TryTakeOwn"/> then need not decode it
    /// again.
    /// </summary>
    public bool TryPrepare<T>(HybridSerializers serializers, out Exception? why)
    {
        why = null;
        if (_value is not null)
        {
            return TryTake<T>(serializers, out _);
        }

        if (!TryDecode<T>(serializers, out var value, out why))
        {
            return false;
        }

        _own = value;
        return true;
    }

    /// <summary>As <see cref="TryTake"/>, for those who did not find the value near.</summary>
    public bool TryTakeOwn<T>(HybridSerializers serializers, out T? value)
    {
        if (Interlocked.Exchange(ref _own, null) is not T own)
        {
            return TryTake(serializers, out value);
        }

        value = own;
        return true;
    }

    private bool TryRead<T>(HybridSerializers serializers, out T? value)
    {
        if (ReferenceEquals(_value, NullMark))
        {
            value = default;
            return default(T) is null;
        }

        return TryDecode(serializers, out value, out _);
    }

    private bool TryDecode<T>(HybridSerializers serializers, out T? value, out Exception? why)
    {
        (value, why) = (default, null);
        if (_payload is not { } payload)
        {
            return false;
        }

        try
        {
            value = serializers.Read<T>(payload.Value);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The application's own serializer may throw anything about bytes that are not its own.
            why = e;
            return false;
        }

        if (serializers.Shares<T>() && value is not null)
        {
            _value = value;
        }

        return true;
    }

    /// <summary>It is stored, or will never be: where the value itself is at hand, the bytes are not needed any more.</summary>
    public void DropBytes()
    {
        if (_value is not null)
        {
            _payload = null;
        }
    }
}
