namespace NearCache.Transport.Tests;

public sealed class ServerAddressTests
{
    [Theory]
    [InlineData("cache-1:11211", "cache-1", 11211)]
    [InlineData("cache_1.example.org:1", "cache_1.example.org", 1)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65535)]
    [InlineData("[::1]:2181", "::1", 2181)]
    [InlineData("[fe80::1%eth0]:2181", "fe80::1%eth0", 2181)]
    public void A_host_and_a_port_are_read_and_written_back(string text, string host, int port)
    {
        var address = ServerAddress.Parse(text);

        Assert.Equal((host, port, null), (address.Host, address.Port, address.UnixPath));
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("cache-1", "cache-1:11211")]
    [InlineData("[::1]", "[::1]:11211")]
    public void Without_a_port_the_default_one_is_taken(string text, string whole) =>
        Assert.Equal(whole, ServerAddress.Parse(text, defaultPort: 11211).ToString());

    [Theory]
    [InlineData("/run/memcached.sock")]
    [InlineData("unix:/run/memcached.sock")]
    public void A_path_is_a_unix_socket(string text) => Assert.Equal("/run/memcached.sock", ServerAddress.Parse(text).UnixPath);

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(" ", "is empty")]
    [InlineData("cache", "has no port")]
    [InlineData(":11211", "has no legal host")]
    [InlineData("a b:11211", "has no legal host")]
    [InlineData("cache:", "not a number from 1 to 65535")]
    [InlineData("cache:0", "not a number from 1 to 65535")]
    [InlineData("cache:65536", "not a number from 1 to 65535")]
    [InlineData("cache:+1", "not a number from 1 to 65535")]
    [InlineData("::1:11211", "in brackets")]
    [InlineData("[::1:11211", "IPv6")]
    [InlineData("[10.0.0.1]:11211", "IPv6")]
    [InlineData("[::1]11211", "IPv6")]
    [InlineData("unix:memcached.sock", "absolute path")]
    public void What_is_no_address_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(ServerAddress.TryParse(text, null, out _, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => ServerAddress.Parse(text));
    }

    [Fact]
    public void A_path_too_long_for_the_system_is_refused() =>
        Assert.False(ServerAddress.TryParse("/" + new string('a', 107), null, out _, out _));
}
