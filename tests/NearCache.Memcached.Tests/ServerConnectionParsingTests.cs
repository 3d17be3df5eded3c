using System.Net;

namespace NearCache.Memcached.Tests;

public sealed class ServerConnectionParsingTests
{
    [Fact]
    public void The_reply_of_1_6_18_is_parsed()
    {
        var connections = Parse(
            """
            23:addr tcp:127.0.0.1:29872
            23:state conn_listening
            23:secs_since_last_cmd 1
            24:addr tcp:127.0.0.1:42986
            24:listen_addr tcp:127.0.0.1:29872
            24:state conn_parse_cmd
            24:secs_since_last_cmd 0
            25:addr tcp6:[::ffff:10.0.0.7]:42996
            25:listen_addr tcp6:[::ffff:10.0.0.1]:29872
            25:state conn_read
            25:secs_since_last_cmd 3200
            26:addr tcp6:[fd00::7]:43012
            26:state conn_read
            26:secs_since_last_cmd 5
            27:addr unix:/run/memcached.sock
            27:state conn_read
            27:secs_since_last_cmd 0
            """);

        Assert.Equal([23, 24, 25, 26, 27], connections.Select(connection => connection.Id));
        Assert.Equal([true, false, false, false, false], connections.Select(connection => connection.IsListening));
        Assert.Equal(
            [
                IPEndPoint.Parse("127.0.0.1:29872"), IPEndPoint.Parse("127.0.0.1:42986"), IPEndPoint.Parse("10.0.0.7:42996"),
                IPEndPoint.Parse("[fd00::7]:43012"), null,
            ],
            connections.Select(connection => connection.Client));
        Assert.Equal(TimeSpan.FromSeconds(3200), connections[2].IdleTime);
        Assert.Equal("unix:/run/memcached.sock", connections[4].Address);
    }

    [Fact]
    public void The_reply_of_a_server_without_listen_addresses_is_parsed()
    {
        var connection = Assert.Single(Parse("8:addr tcp:10.0.0.7:5\n8:state conn_read\n8:secs_since_last_cmd 9"));
        Assert.Equal((null, false, IPEndPoint.Parse("10.0.0.7:5")), (connection.ListenAddress, connection.IsListening, connection.Client));
    }

    [Theory]
    [InlineData("")]
    [InlineData("pid 7")]
    [InlineData(":addr tcp:1.2.3.4:5")]
    [InlineData("-1:addr tcp:1.2.3.4:5")]
    [InlineData("99999999999:addr tcp:1.2.3.4:5")]
    public void Lines_of_another_kind_are_ignored(string lines) => Assert.Empty(Parse(lines));

    [Theory]
    [InlineData("tcp:1.2.3.4")]
    [InlineData("tcp:1.2.3.4:99999")]
    [InlineData("tcp:")]
    [InlineData("sctp:1.2.3.4:5")]
    [InlineData("\u0000<script>")]
    public void An_address_of_another_form_is_kept_as_text_alone(string address)
    {
        var connection = Assert.Single(Parse($"7:addr {address}\n7:secs_since_last_cmd -5"));
        Assert.Equal((address, TimeSpan.Zero, ""), (connection.Address, connection.IdleTime, connection.State));
        Assert.True(connection.Client is null or { Port: 0 });
    }

    [Fact]
    public void Texts_are_bounded() => Assert.Equal(300, Assert.Single(Parse($"7:addr {new string('x', 5000)}")).Address.Length);

    private static IReadOnlyList<MemcachedServerConnection> Parse(string lines) => MemcachedServerConnection.Parse(
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim('\r').Split(' ', 2))
            .ToDictionary(parts => parts[0], parts => parts[1]));
}
