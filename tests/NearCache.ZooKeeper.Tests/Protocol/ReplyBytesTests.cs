using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Tests.Protocol;

/// <summary>The decoding of replies, by recorded bytes.</summary>
public sealed class ReplyBytesTests
{
    // czxid 1, mzxid 2, ctime 3, mtime 4, version 5, cversion 6, aversion 7, owner 8, length 9, children 10, pzxid 11
    private const string Stat =
        "0000000000000001 0000000000000002 0000000000000003 0000000000000004 "
        + "00000005 00000006 00000007 0000000000000008 00000009 0000000a 000000000000000b";
    private static readonly ChrootedPath A = new("/app", "/a");

    [Fact]
    public void A_stat_has_eleven_fields()
    {
        var stat = Read(Stat, (ref JuteReader reader) => StatRecord.Read(ref reader));

        Assert.Equal(
            new ZNodeStat
            {
                CreatedZxid = 1,
                ModifiedZxid = 2,
                CreatedMilliseconds = 3,
                ModifiedMilliseconds = 4,
                Version = 5,
                ChildrenVersion = 6,
                AclVersion = 7,
                EphemeralOwner = 8,
                DataLength = 9,
                ChildrenCount = 10,
                ChildrenZxid = 11,
            },
            stat);
    }

    [Fact]
    public void Data_may_be_null()
    {
        var none = Read("ffffffff" + Stat, (ref JuteReader reader) => new GetDataRequest(A, false).ReadReply(ref reader));
        var some = Read("00000002 0102" + Stat, (ref JuteReader reader) => new GetDataRequest(A, false).ReadReply(ref reader));

        Assert.True(none.IsNull);
        Assert.False(some.IsNull);
        Assert.Equal([1, 2], some.Data.ToArray());
        Assert.Equal(11, some.Stat.ChildrenZxid);
    }

    [Fact]
    public void A_created_path_is_returned_without_the_chroot()
    {
        var created = Read(
            "00000007 2f6170702f6131" + Stat,
            (ref JuteReader reader) => new CreateRequest(A, null, ZNodeMode.Persistent, ZNodeAcl.OpenToAll, 0).ReadReply(ref reader));

        Assert.Equal("/a1", created.Path);
    }

    // 3.8.0 answers create2 in a multi as create: the path alone. 3.9 answers with the stat.
    [Fact]
    public void A_multi_reply_is_decoded_by_the_types_in_it()
    {
        MultiRequest request = new("", [MultiOperation.Create("/a", null), MultiOperation.Create("/a", null), MultiOperation.Delete("/a")]);
        var results = Read(
            "00000001 00 00000000 00000002 2f61" + "0000000f 00 00000000 00000002 2f61" + Stat
            + "00000002 00 00000000" + "ffffffff 01 ffffffff",
            (ref JuteReader reader) => request.ReadReply(ref reader));

        Assert.Equal("/a", results[0].Path);
        Assert.Null(results[0].Stat);
        Assert.Equal(5, results[1].Stat!.Value.Version);
        Assert.Equal(new MultiResult(), results[2]);
    }

    [Fact]
    public void A_result_of_an_unknown_type_in_a_multi_reply_is_rejected() => Assert.Throws<JuteFormatException>(() =>
        Read("00000063 00 00000000 00000000", (ref JuteReader reader) => new MultiRequest("", []).ReadReply(ref reader)));

    [Fact]
    public void The_read_only_byte_of_the_connect_response_may_be_missing()
    {
        const string fields = "00000000 00002710 0000000000000007 00000002 0102";
        var without = Read(fields, (ref JuteReader reader) => ConnectResponse.Read(ref reader));
        var with = Read(fields + "01", (ref JuteReader reader) => ConnectResponse.Read(ref reader));

        Assert.Equal((10_000, 7, false), (without.Timeout, without.SessionId, without.ReadOnly));
        Assert.True(with.ReadOnly);
    }

    [Theory]
    [InlineData("00000005 01")]              // a string of five bytes of which one is there
    [InlineData("fffffffe")]                 // a length below -1
    [InlineData("7fffffff")]                 // 2 GiB
    public void A_length_beyond_the_message_is_rejected(string bytes) =>
        Assert.Throws<JuteFormatException>(() => Read(bytes, (ref JuteReader reader) => reader.ReadBuffer()));

    [Theory]
    [InlineData("7fffffff 00000000")]
    [InlineData("fffffffe")]
    [InlineData("00000003 00000000 00000000")]
    public void A_vector_longer_than_its_message_allocates_nothing(string bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<JuteFormatException>(() => Read(bytes, (ref JuteReader reader) => reader.ReadStrings()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_time_outside_the_calendar_does_not_throw() =>
        Assert.Equal(DateTimeOffset.UnixEpoch, new ZNodeStat { CreatedMilliseconds = long.MinValue }.CreatedAt);

    internal static T Read<T>(string hexadecimal, Reading<T> read)
    {
        var reader = new JuteReader(Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal)));
        return read(ref reader);
    }

    internal delegate T Reading<out T>(ref JuteReader reader);
}
