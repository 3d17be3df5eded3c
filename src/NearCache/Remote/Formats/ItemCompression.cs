using NearCache.Memcached.Protocol;

namespace NearCache.Remote.Formats;

/// <summary>
/// Makes large values smaller on their way to memcached, as the settings of now say, and makes them what they were on their way back,
/// whatever the settings.
/// </summary>
internal sealed class ItemCompression(NearCacheOptions options)
{
    /// <summary>The bytes to send and their flags.</summary>
    public (ReadOnlyMemory<byte> Bytes, uint ClientFlags) Compress(ReadOnlyMemory<byte> plain, uint clientFlags)
    {
        // A value that is too large is refused as it always is: nobody could read it again.
        var compression = options.Compression;
        return compression != ValueCompression.None
            && plain.Length >= options.CompressionThreshold
            && plain.Length <= options.Memcached.MaxValueBytes
            && Envelope.TryRead(clientFlags, out var envelope)
            && Compressor.TryCompress(compression, plain.Span, out var compressed)
            ? (compressed, (envelope with { Compression = compression }).ToClientFlags())
            : (plain, clientFlags);
    }

    /// <summary>The item with the bytes and flags that it had before it was packed.</summary>
    /// <exception cref="FormatException">It is broken, or too large.</exception>
    public MetaResponse Decompress(in MetaResponse item)
    {
        Envelope.TryRead(item.ClientFlags, out var envelope);
        return item with
        {
            Value = Compressor.Expand(envelope.Compression, item.Value, options.Memcached.MaxValueBytes),
            ClientFlags = new Envelope(envelope.Kind).ToClientFlags(),
        };
    }
}
