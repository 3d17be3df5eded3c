using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Tests.Protocol;

public sealed class MetaReplyReaderTests
{
    [Theory]
    [InlineData("HD\r\n", MetaReplyCode.Done)]
    [InlineData("HD \r\n", MetaReplyCode.Done)]
    [InlineData("EN\r\n", MetaReplyCode.Miss)]
    [InlineData("EN kabc O12\r\n", MetaReplyCode.Miss)]
    [InlineData("NS\r\n", MetaReplyCode.NotStored)]
    [InlineData("EX c0\r\n", MetaReplyCode.Exists)]
    [InlineData("NF\r\n", MetaReplyCode.NotFound)]
    [InlineData("MN\r\n", MetaReplyCode.NoOp)]
    [InlineData("ERROR\r\n", MetaReplyCode.UnknownCommand)]
    [InlineData("ERROR Too many open connections\r\n", MetaReplyCode.UnknownCommand)]
    [InlineData("CLIENT_ERROR invalid flag\r\n", MetaReplyCode.ClientError)]
    [InlineData("SERVER_ERROR object too large for cache\r\n", MetaReplyCode.ServerError)]
    public void Every_kind_of_line_is_known_and_waited_for_until_it_is_whole(string line, object code)
    {
        var bytes = Encoding.ASCII.GetBytes(line);

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ReadStatus.Incomplete, MetaReplyReader.TryRead(bytes.AsSpan(0, length), out _, out var none));
            Assert.Equal(0, none);
        }

        Assert.Equal(ReadStatus.Done, MetaReplyReader.TryRead([.. bytes, .. "HD\r\n"u8], out var reply, out var consumed));
        Assert.Equal(code, reply.Code);
        Assert.Equal(bytes.Length, consumed);
    }

    [Fact]
    public void Flags_are_told_apart_by_letter_in_any_order()
    {
        MetaReplyReader.TryRead("VA 3 t-1 c18446744073709551615 f4294967295 s3 l7 h1 O42 kkey b W Z X\r\n"u8, out var reply, out _);

        Assert.Equal(
            (MetaReplyCode.Value, 3, -1, ulong.MaxValue, uint.MaxValue),
            (reply.Code, reply.Length, reply.TimeToLive, reply.Cas, reply.ClientFlags));
        Assert.Equal((3, 7, 42UL), (reply.Size, reply.LastAccess, reply.Opaque));
        Assert.Equal((MetaReplyFlags)31, reply.Flags);
    }

    [Theory]
    [InlineData("HDX\r\n")]
    [InlineData("VA\r\n")]
    [InlineData("VA x\r\n")]
    [InlineData("VA -1\r\n")]
    [InlineData("VA +1\r\n")]
    [InlineData("VA 99999999999\r\n")]
    [InlineData("VA 1x\r\n")]
    [InlineData("HD c\r\n")]
    [InlineData("HD c1x\r\n")]
    [InlineData("HD t99999999999\r\n")]
    [InlineData("HD ?1\r\n")]
    [InlineData("HD W1\r\n")]
    [InlineData("hd\r\n")]
    [InlineData("HD\n")]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("STAT a b\r\n")]
    public void What_is_no_reply_is_malformed(string line) =>
        Assert.Equal(ReadStatus.Malformed, Read(Encoding.ASCII.GetBytes(line)));

    [Fact]
    public void A_line_without_end_is_malformed_when_it_is_longer_than_any_can_be()
    {
        Assert.Equal(ReadStatus.Incomplete, Read(new byte[MetaReplyReader.MaxLineLength]));
        Assert.Equal(ReadStatus.Malformed, Read(new byte[MetaReplyReader.MaxLineLength + 1]));
    }

    [Fact]
    public void Random_bytes_never_make_it_throw_or_read_too_far()
    {
        var random = new Random(1);
        var alphabet = "HDVAENSXFM 0123456789ctfslhWZXOkb\r\n-ERROR_CLIEV"u8.ToArray();
        var buffer = new byte[64];
        for (var round = 0; round < 300_000; round++)
        {
            var input = buffer.AsSpan(0, random.Next(buffer.Length));
            for (var i = 0; i < input.Length; i++)
            {
                input[i] = round % 4 == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            }

            var status = MetaReplyReader.TryRead(input, out var reply, out var consumed);
            Assert.True(consumed <= input.Length && reply.Length >= 0);
            Assert.True(status != ReadStatus.Done || input[consumed - 1] == '\n');
        }
    }

    private static ReadStatus Read(byte[] bytes) => MetaReplyReader.TryRead(bytes, out _, out _);
}
