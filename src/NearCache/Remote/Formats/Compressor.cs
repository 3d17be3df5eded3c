using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace NearCache.Remote.Formats;

/// <summary>Compresses bytes with Brotli or zlib. A varint with the uncompressed length comes first.</summary>
/// <remarks>docs/formats.md, "Compressed values".</remarks>
internal static class Compressor
{
    // A smaller saving is not worth the decompression.
    private const double WorstRatio = 0.9;
    private const int LongestNumber = 5;
    private const int BrotliQuality = 1;
    private const int BrotliWindow = 22;

    /// <summary>Compresses bytes. Returns false if the result is not small enough.</summary>
    public static bool TryCompress(ValueCompression compression, ReadOnlySpan<byte> plain, out byte[] compressed)
    {
        compressed = [];
        var room = (int)(plain.Length * WorstRatio);
        var output = ArrayPool<byte>.Shared.Rent(Math.Max(room, LongestNumber));
        try
        {
            var length = WriteNumber(output, (uint)plain.Length);
            var rest = output.AsSpan(length, Math.Max(room - length, 0));
            var written = 0;
            var fits = compression == ValueCompression.Brotli
                ? BrotliEncoder.TryCompress(plain, rest, out written, BrotliQuality, BrotliWindow)
                : TryDeflate(plain, rest, out written);
            if (!fits)
            {
                return false;
            }

            compressed = output.AsSpan(0, length + written).ToArray();
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    /// <summary>Decompresses bytes.</summary>
    /// <param name="compression">The compression.</param>
    /// <param name="compressed">The result of <see cref="TryCompress"/>.</param>
    /// <param name="most">The greatest uncompressed length. No more memory than that is allocated, whatever the bytes say.</param>
    /// <exception cref="FormatException">The bytes are damaged, or would exceed the limit.</exception>
    public static byte[] Expand(ValueCompression compression, ReadOnlyMemory<byte> compressed, int most)
    {
        var length = ReadNumber(compressed.Span, out var start);
        if (length > most)
        {
            throw new FormatException($"The uncompressed value has {length} bytes, but MaxValueBytes is {most}.");
        }

        var plain = GC.AllocateUninitializedArray<byte>((int)length);
        var whole = compression == ValueCompression.Brotli
            ? FillsByBrotli(compressed.Span[start..], plain)
            : FillsByInflating(compressed[start..], plain);
        return whole ? plain : throw new FormatException("The compressed value is damaged, or does not have its stated length.");
    }

    private static bool FillsByBrotli(ReadOnlySpan<byte> compressed, Span<byte> plain)
    {
        using var decoder = new BrotliDecoder();
        return decoder.Decompress(compressed, plain, out var read, out var written) == OperationStatus.Done
            && read == compressed.Length
            && written == plain.Length;
    }

    private static bool FillsByInflating(ReadOnlyMemory<byte> compressed, byte[] plain)
    {
        using var input = new MemoryStream(compressed.ToArray(), writable: false);
        using var stream = new ZLibStream(input, CompressionMode.Decompress);
        try
        {
            // The stream does not report a truncated input, and then has not verified the checksum.
            return stream.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false) == plain.Length
                && stream.ReadByte() < 0
                && compressed.Length >= sizeof(uint)
                && BinaryPrimitives.ReadUInt32BigEndian(compressed.Span[^sizeof(uint)..]) == Adler32(plain);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // IOException: the bytes require a dictionary.
            return false;
        }
    }

    // RFC 1950, 8.2. The number of bytes that can be added before the sums must be reduced.
    private static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        const int AtOnce = 5552;
        const uint Modulus = 65521;
        var (low, high) = (1u, 0u);
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(AtOnce, bytes.Length)..])
        {
            foreach (var next in bytes[..Math.Min(AtOnce, bytes.Length)])
            {
                low += next;
                high += low;
            }

            (low, high) = (low % Modulus, high % Modulus);
        }

        return (high << 16) | low;
    }

    private static bool TryDeflate(ReadOnlySpan<byte> plain, Span<byte> output, out int written)
    {
        written = 0;
        using var buffer = new MemoryStream(output.Length);
        using (var stream = new ZLibStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(plain);
        }

        if (buffer.Length > output.Length)
        {
            return false;
        }

        written = (int)buffer.Length;
        buffer.GetBuffer().AsSpan(0, written).CopyTo(output);
        return true;
    }

    private static int WriteNumber(Span<byte> output, uint number)
    {
        var length = 0;
        for (; number > 0x7F; number >>= 7)
        {
            output[length++] = (byte)(number | 0x80);
        }

        output[length++] = (byte)number;
        return length;
    }

    private static uint ReadNumber(ReadOnlySpan<byte> bytes, out int length)
    {
        uint number = 0;
        for (length = 0; length < LongestNumber && length < bytes.Length;)
        {
            var next = bytes[length];
            number |= (uint)(next & 0x7F) << (7 * length++);
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new FormatException("The compressed value does not state its uncompressed length.");
    }
}
