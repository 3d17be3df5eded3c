using System.Buffers;

namespace NearCache.Memcached.Connections;

/// <summary>Where a value goes that is larger than what has arrived of it: into an array, to the caller's writer, or nowhere.</summary>
internal struct LargeValue
{
    /// <summary>As long as the value, or null.</summary>
    public byte[]? Array;

    /// <summary>The caller's, or null.</summary>
    public IBufferWriter<byte>? Writer;

    /// <summary>What the caller's writer threw.</summary>
    public Exception? WriterFailure;
}
