using System.Buffers.Binary;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached.Protocol;
using NearCache.Tests.Sequences;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class WriterIdTests
{
    [Fact]
    public void The_short_id_of_a_process_is_the_one_on_record()
    {
        var id = WriterId.Of("0123456789abcdef0123456789abcdef");
        Assert.Equal("8b2056f3", id.ToString());
        Assert.True(WriterId.TryParse("8b2056f3", out var read));
        Assert.Equal(id, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("8b2056f")]
    [InlineData("08b2056f3")]
    [InlineData("8b2056fg")]
    [InlineData(" b2056f3")]
    public void A_text_that_is_no_short_id_is_unknown(string? text)
    {
        Assert.False(WriterId.TryParse(text, out var id));
        Assert.False(id.IsKnown);
    }

    [Fact]
    public async Task A_process_without_the_short_id_reads_the_records_of_one_that_writes_it_as_before()
    {
        await using var fleet = await Fleet.StartAsync();
        var names = new CounterNames("default");
        await fleet.There.SetAsync(Fleet.Key, "new");
        var n = AuditCommands.Counter(await ReadAsync(MetaCommand.Get(names.Total)))!.Value;
        await fleet.TurnUntilAsync(async () => (await ReadAsync(MetaCommand.Get(names.Log(n)))).Status == MetaStatus.Ok);

        var item = await ReadAsync(MetaCommand.Get(names.Log(n), MetaFields.Value | MetaFields.ClientFlags));
        Assert.Equal(fleet.There.Parts.Writer.Value, item.ClientFlags);
        Assert.NotEqual(fleet.Here.Parts.Writer, fleet.There.Parts.Writer);

        Assert.True(Before.TryDecode(item.Value.Span, out var record));
        Assert.Equal((KeyHash.Of(Encoding.UTF8.GetBytes(Fleet.Key)).Segment, Fleet.Key), (record.Segment, record.Key));
        Assert.Equal(Before.Encode(record.Segment, record.M, record.Key), item.Value.ToArray());

        async Task<MetaResponse> ReadAsync(MetaCommand command) => await fleet.Server.ExecuteAsync(command, CancellationToken.None);
    }

    [Fact]
    public void A_record_has_the_same_bytes_whichever_process_writes_it()
    {
        var record = new LogRecord(5, 66_689, "product:4711"u8.ToArray());
        Assert.Equal(Before.Encode(5, 66_689, "product:4711"), record.Encode());
    }

    // The encoder and the decoder of the last commit without the short id, byte for byte. Frozen: they stand for processes in use.
    private static class Before
    {
        public static byte[] Encode(int segment, long m, string key)
        {
            var name = Encoding.UTF8.GetBytes(key);
            var value = new byte[10 + name.Length];
            value[0] = 1;
            value[1] = (byte)segment;
            BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(2), m);
            name.CopyTo(value.AsMemory(10));
            return value;
        }

        public static bool TryDecode(ReadOnlySpan<byte> value, out (int Segment, long M, string Key) record)
        {
            record = default;
            if (value.Length <= 10 || value[0] != 1 || value[1] >= 64)
            {
                return false;
            }

            record = (value[1], BinaryPrimitives.ReadInt64BigEndian(value[2..]), Encoding.UTF8.GetString(value[10..]));
            return true;
        }
    }
}
