using System.Buffers;
using System.ComponentModel;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Near;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>A value of the <see cref="HybridCache"/> with the versions of its tags, as it is stored and kept near.</summary>
/// <remarks>
/// Immutable to callers. Any thread may cache what it determines: the cells of the tags, and the decoded value if it can be shared.
/// </remarks>
[ImmutableObject(true)]
internal sealed class HybridItem
{
    private const long NotMadeHere = long.MinValue;
    private static readonly object NullMark = new();

    private volatile TagVersion[]? _tags;   // null once their cells are known
    private volatile object? _value;   // shared by all callers
    private volatile HybridPayload? _payload;
    private volatile TagStamp[]? _stamps;
    private readonly long _madeAt = NotMadeHere;
    private object? _own;   // decoded by TryPrepare, and not yet taken

    /// <summary>Initializes an item that was read.</summary>
    public HybridItem(TagVersion[] tags, bool isNull, HybridPayload payload) =>
        (_tags, _value, _payload) = (tags, isNull ? NullMark : null, payload);

    private HybridItem(TagVersion[] tags, object? value, HybridPayload payload, long? madeAt) =>
        (_tags, _value, _payload, _madeAt) = (tags, value, payload, madeAt ?? NotMadeHere);

    /// <summary>Gets the versions of the tags at the creation of the item; empty if unknown, and then the item may not be stored.</summary>
    public TagVersion[] Tags
    {
        get
        {
            // One of the two is always set; both reads can fail only while they are exchanged.
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

    /// <summary>Gets whether the versions of the tags are known. Otherwise only the call that created the item may use it.</summary>
    public bool IsStamped => _stamps is not null || _tags is not { Length: 0 };

    /// <summary>Gets the time at which the factory started; null if the item was read.</summary>
    public long? MadeAt => _madeAt == NotMadeHere ? null : _madeAt;

    /// <summary>Gets the stored bytes of the item; null after <see cref="DropBytes"/>.</summary>
    public HybridPayload? Payload => _payload;

    /// <summary>Creates an item from a value.</summary>
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

    /// <summary>Returns the cells that hold the current versions of the tags.</summary>
    /// <param name="find">Finds the cells.</param>
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

    /// <summary>Gets the cells if they have been found before; otherwise null.</summary>
    public TagStamp[]? KnownStamps => _stamps;

    /// <summary>
    /// Gets the value; a separate copy for each caller unless it is immutable. Returns false if it cannot be read as a
    /// <typeparamref name="T"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake<T>(HybridSerializers serializers, out T? value)
    {
        var shared = _value;
        return (TypeTest.Is(shared, out value) && !ReferenceEquals(shared, NullMark)) || TryRead(serializers, out value);
    }

    /// <summary>
    /// Returns whether the value can be read as a <typeparamref name="T"/>. Keeps the decoded value for <see cref="TryTakeOwn"/>.
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

    /// <summary>Gets the value like <see cref="TryTake"/>, or the value that <see cref="TryPrepare"/> decoded.</summary>
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
            // A custom serializer may throw any exception for foreign bytes.
            why = e;
            return false;
        }

        if (serializers.Shares<T>() && value is not null)
        {
            _value = value;
        }

        return true;
    }

    /// <summary>Drops the bytes if the decoded value is shared. Called when the item is stored, or will never be.</summary>
    public void DropBytes()
    {
        if (_value is not null)
        {
            _payload = null;
        }
    }
}
