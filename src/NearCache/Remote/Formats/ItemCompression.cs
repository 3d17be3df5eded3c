using NearCache.Memcached.Protocol;

namespace NearCache.Remote.Formats;

/// <summary>Compresses large values by the current settings, and decompresses values whatever the settings.</summary>
internal sealed class ItemCompression(NearCacheOptions options)
{
    /// <summary>Returns the bytes to send, and their flags.</summary>
    public (ReadOnlyMemory<byte> Bytes, uint ClientFlags) Compress(ReadOnlyMemory<byte> plain, uint clientFlags)
    {
        // A value above the limit is not compressed: the reader would refuse its uncompressed length.
        var compression = options.Compression;
        return compression != ValueCompression.None
            && plain.Length >= options.CompressionThreshold
            && plain.Length <= options.Memcached.MaxValueBytes
            && Envelope.TryRead(clientFlags, out var envelope)
            && Compressor.TryCompress(compression, plain.Span, out var compressed)
            ? (compressed, (envelope with { Compression = compression }).ToClientFlags())
            : (plain, clientFlags);
    }

    /// <summary>Returns the item with its uncompressed bytes and flags.</summary>
    /// <exception cref="FormatException">The item is damaged or too large.</exception>
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
