using NearCache.Observing;

namespace NearCache.Tests.Observing;

public sealed class FourLetterWordsTests
{
    private const string Reply =
        "Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 UTC\nLatency min/avg/max: 0/0.25/12\n"
        + "Received: 8\nSent: 7\nConnections: 3\nOutstanding: 0\nZxid: 0x100000007\nMode: leader\nNode count: 42\n";

    [Fact]
    public void A_status_is_read_and_what_it_lacks_is_not_zero()
    {
        var status = FourLetterWords.Status(Reply).Value!;
        Assert.Equal(("3.8.0", "leader", 0x100000007, 42L), (status.Version, status.Mode, status.Zxid, status.Nodes));
        Assert.Equal((3L, 0L, 0.25, 12.0), (status.Connections, status.Outstanding, status.MeanLatency, status.LongestLatency));

        var bare = FourLetterWords.Status("Mode: follower\n").Value!;
        Assert.Equal("follower", bare.Mode);
        Assert.Null(bare.Nodes ?? bare.Connections ?? bare.Zxid);
        Assert.Null(bare.MeanLatency);
    }

    [Theory]
    [InlineData("This ZooKeeper instance is not currently serving requests\n", "no quorum")]
    [InlineData("", "not understood")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "not understood")]
    public void A_reply_without_a_status_is_unknown_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, FourLetterWords.Status(text).Unknown, StringComparison.Ordinal);

    [Fact]
    public void Connections_and_figures_are_read()
    {
        var connections = FourLetterWords.Connections(
            " /127.0.0.1:40210[1](queued=0,recved=2,sent=2,sid=0x1000a,lop=PING)\n"
                + " /[0:0:0:0:0:0:0:1]:51234[0](queued=0,recved=1,sent=0)\n\nx").Value!;
        Assert.Equal(
            [("127.0.0.1:40210", 0x1000aL), ("[0:0:0:0:0:0:0:1]:51234", null)],
            connections.Select(connection => (connection.Address, connection.SessionId)));
        Assert.Equal("17", FourLetterWords.Monitor("zk_version\t3.8.0\nzk_znode_count\t17\n").Value!["zk_znode_count"]);
        Assert.False(FourLetterWords.Monitor("what?").IsKnown);
    }

    [Fact]
    public void Any_bytes_are_read_or_unknown_and_never_throw()
    {
        var random = new Random(1);
        for (var round = 0; round < 5_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(200)).Select(_ => " :\t\n/[]()=,0x19Modesid"[random.Next(21)])]);
            foreach (var hostile in new[]
            {
                text, Reply.Insert(random.Next(Reply.Length), text), Reply[random.Next(Reply.Length)..] + text,
            })
            {
                _ = FourLetterWords.Status(hostile);
                _ = FourLetterWords.Monitor(hostile);
                _ = FourLetterWords.Connections(hostile);
            }
        }
    }
}
