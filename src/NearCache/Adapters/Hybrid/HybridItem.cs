using System.Buffers;
using System.ComponentModel;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Near;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>A value of <see cref="HybridCache"/> with the versions of its tags, as it is stored and as it is kept near.</summary>
/// <remarks>
/// Logically immutable. Any thread may add what it has found: the states of the tags, and the decoded value if it can be shared.
/// </remarks>
[ImmutableObject(true)]
internal sealed class HybridItem
{
    private const int Overhead = 64;
    private const long NotCreatedHere = long.MinValue;
    private static readonly object NullMark = new();

    private volatile TagVersion[]? _tags;   // null once the dependencies are known
    private volatile object? _value;   // shared by all callers
    private volatile HybridPayload? _payload;
    private volatile TagDependency[]? _dependencies;
    private readonly long _createdAt = NotCreatedHere;
    private object? _predecoded;   // decoded for one caller, and not yet taken

    /// <summary>Creates an item that was read.</summary>
    public HybridItem(TagVersion[] tags, bool isNull, HybridPayload payload) =>
        (_tags, _value, _payload) = (tags, isNull ? NullMark : null, payload);

    private HybridItem(TagVersion[] tags, object? value, HybridPayload payload, long? createdAt) =>
        (_tags, _value, _payload, _createdAt) = (tags, value, payload, createdAt ?? NotCreatedHere);

    /// <summary>Gets the versions of its tags at its creation; empty if unknown, in which case the item must not be stored.</summary>
    public TagVersion[] Tags
    {
        get
        {
            // One of the two is always set; the loop covers the transition between them.
            while (true)
            {
                if (_dependencies is { } dependencies)
                {
                    return Array.ConvertAll(dependencies, dependency => new TagVersion(dependency.Tag.Name, dependency.Version));
                }

                if (_tags is { } tags)
                {
                    return tags;
                }
            }
        }
    }

    /// <summary>Gets whether the versions of its tags are known. If not, only the call that created the item may use it.</summary>
    public bool HasTagVersions => _dependencies is not null || _tags is not { Length: 0 };

    /// <summary>Gets when its factory began, if the item was created in this process; null if it was read.</summary>
    public long? CreatedAt => _createdAt == NotCreatedHere ? null : _createdAt;

    /// <summary>Gets the bytes of the item on the remote; null after <see cref="DropBytes"/>.</summary>
    public HybridPayload? Payload => _payload;

    /// <summary>Gets the estimated memory of the item after <see cref="DropBytes"/>; null if that has run.</summary>
    /// <remarks>What was read and is not decoded yet may become a string.</remarks>
    public long? Memory => _payload is not { } payload
        ? null
        : Overhead + payload.Bytes.Length - payload.Value.Length + _value switch
        {
            string text => sizeof(char) * (long)text.Length,
            { } shared when !ReferenceEquals(shared, NullMark) => payload.Serializer!.MemoryOf(payload.Value),
            _ => (payload.Serializer is null ? sizeof(char) : 1) * (long)payload.Value.Length,
        };

    /// <summary>Creates an item from a value.</summary>
    public static HybridItem Of<T>(T value, TagVersion[] tags, HybridSerializers serializers, bool mayPack = true, long? createdAt = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        HybridItemCodec.WriteHeader(writer, tags, value is null);
        var header = writer.WrittenCount;
        if (value is not null)
        {
            serializers.Write(value, writer);
        }

        object? shared = value is null ? NullMark : serializers.Shares<T>() ? Immutability.Detach(value) : null;
        var payload = new HybridPayload(writer.WrittenSpan.ToArray(), header)
        {
            MayCompress = mayPack,
            HasFields = value is not null && serializers.HasFields<T>(),
            Serializer = value is null ? null : serializers.For<T>(),
        };
        return new HybridItem(tags, shared, payload, createdAt);
    }

    /// <summary>Returns the tags that the item depends on, with their versions.</summary>
    /// <param name="find">Finds the dependencies of tag versions.</param>
    public TagDependency[] Dependencies(Func<TagVersion[], TagDependency[]> find)
    {
        var dependencies = _dependencies;
        if (dependencies is null || Array.Exists(dependencies, dependency => dependency.Tag.IsRetired))
        {
            _dependencies = dependencies = find(Tags);
            _tags = null;
        }

        return dependencies;
    }

    /// <summary>Gets the dependencies if they were found before; otherwise null.</summary>
    public TagDependency[]? KnownDependencies => _dependencies;

    /// <summary>
    /// Gets the value, a separate copy for each caller unless it is immutable. Returns false if it cannot be read as a
    /// <typeparamref name="T"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake<T>(HybridSerializers serializers, out T? value)
    {
        var shared = _value;
        return (TypeTest.Is(shared, out value) && !ReferenceEquals(shared, NullMark)) || TryRead(serializers, out value);
    }

    /// <summary>
    /// Returns whether the value can be read as a <typeparamref name="T"/>, and keeps the decoded value: for all callers if they can
    /// share it, else for <see cref="TryTakeDecoded"/>.
    /// </summary>
    /// <remarks>The caller corrects the size of a near item by <see cref="Memory"/>.</remarks>
    public bool TryPrepare<T>(HybridSerializers serializers, out Exception? why)
    {
        why = null;
        if (_value is { } shared && (ReferenceEquals(shared, NullMark) ? default(T) is null : TypeTest.Is<T>(shared, out _)))
        {
            return true;
        }

        if (ReferenceEquals(_value, NullMark) || _payload is not { } payload || !TryDecode<T>(payload, serializers, out var value, out why))
        {
            return false;
        }

        if (value is not null && serializers.Shares<T>())
        {
            payload.Serializer = serializers.For<T>();
            _value = value;
        }
        else
        {
            payload.Serializer ??= serializers.For<T>();
        }

        _predecoded = value;
        return true;
    }

    /// <summary>Gets the value that <see cref="TryPrepare"/> decoded, once; otherwise as <see cref="TryTake"/>.</summary>
    public bool TryTakeDecoded<T>(HybridSerializers serializers, out T? value)
    {
        if (Interlocked.Exchange(ref _predecoded, null) is not T decoded)
        {
            return TryTake(serializers, out value)
                || (_payload is { } payload && TryDecode(payload, serializers, out value, out _));
        }

        value = decoded;
        return true;
    }

    // A value that all callers share is decoded by TryPrepare only, since its size is not that of its bytes.
    private bool TryRead<T>(HybridSerializers serializers, out T? value)
    {
        if (ReferenceEquals(_value, NullMark))
        {
            value = default;
            return default(T) is null;
        }

        value = default;
        return _payload is { } payload && !serializers.Shares<T>() && TryDecode(payload, serializers, out value, out _);
    }

    private static bool TryDecode<T>(HybridPayload payload, HybridSerializers serializers, out T? value, out Exception? why)
    {
        (value, why) = (default, null);
        try
        {
            value = serializers.Read<T>(payload.Value);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A serializer of the application may throw any exception for bytes that it did not write.
            why = e;
            return false;
        }
    }

    /// <summary>Drops the bytes if the decoded value is kept. Called when the item is stored, or will never be.</summary>
    public void DropBytes()
    {
        if (_value is not null)
        {
            _payload = null;
        }
    }
}
