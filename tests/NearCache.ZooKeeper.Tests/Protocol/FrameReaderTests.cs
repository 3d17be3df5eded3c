using System.Buffers.Binary;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Tests.Protocol;

public sealed class FrameReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void Messages_are_reassembled_however_they_arrive(int step)
    {
        var frames = new FrameReader(1_000_000);
        var sizes = new[] { 0, 1, 16, 40_000, 3, 200_000, 5 };
        var bytes = sizes.SelectMany(size => Frame(size)).ToArray();
        var read = new List<int>();

        for (var at = 0; at < bytes.Length;)
        {
            var room = frames.GetMemory();
            var count = Math.Min(Math.Min(step, room.Length), bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(room.Span);
            frames.Advance(count);
            at += count;
            while (frames.TryRead(out var message, out var length))
            {
                Assert.Equal(length, message.Length);
                Assert.True(message.IndexOfAnyExcept((byte)length) < 0);
                read.Add(length);
            }
        }

        Assert.Equal(sizes, read);
    }

    [Fact]
    public void Of_a_message_above_the_limit_only_the_header_is_returned()
    {
        var frames = new FrameReader(100);
        byte[] bytes = [.. Frame(10_000_000), .. Frame(7)];
        var read = new List<(int Part, int Whole)>();

        for (var at = 0; at < bytes.Length;)
        {
            var room = frames.GetMemory();
            var count = Math.Min(room.Length, bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(room.Span);
            frames.Advance(count);
            at += count;
            while (frames.TryRead(out var message, out var length))
            {
                read.Add((message.Length, length));
            }

            Assert.InRange(frames.GetMemory().Length, 1, 64 * 1024);
        }

        Assert.Equal([(16, 10_000_000), (7, 7)], read);
    }

    [Fact]
    public void A_negative_length_is_refused()
    {
        var frames = new FrameReader(100);
        BinaryPrimitives.WriteInt32BigEndian(frames.GetMemory().Span, -5);
        frames.Advance(4);

        Assert.Throws<JuteFormatException>(() => frames.TryRead(out _, out _));
    }

    private static byte[] Frame(int size)
    {
        var frame = new byte[size + 4];
        frame.AsSpan().Fill((byte)size);
        BinaryPrimitives.WriteInt32BigEndian(frame, size);
        return frame;
    }
}
