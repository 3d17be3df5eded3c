using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Tests.Protocol;

public sealed class ServerVersionTests
{
    [Theory]
    [InlineData("1.4.5", false, false)]
    [InlineData("1.5.22", false, false)]
    [InlineData("1.6.9", false, false)]
    [InlineData("1.6.9_1", false, false)]
    [InlineData("0.9.30", false, false)]
    [InlineData("1.6.10", true, false)]
    [InlineData("1.6.17", true, false)]
    [InlineData("1.6.17-beta", true, false)]
    [InlineData("1.6.18", true, true)]
    [InlineData("1.6.45", true, true)]
    [InlineData("1.10.0", true, true)]
    [InlineData("2.0.0", true, true)]
    public void What_a_server_can_do_follows_from_its_version(string text, bool isSupported, bool repeats)
    {
        var version = ServerVersion.Parse(text);

        Assert.Equal((isSupported, repeats), (version.IsSupported, version.RepeatsOpaqueOfMiss));
    }

    // Proxies and other products number themselves as they like.
    [Theory]
    [InlineData("")]
    [InlineData("mcrouter 38")]
    [InlineData("unknown")]
    [InlineData("1.4")]
    [InlineData("v1.4.5")]
    [InlineData("1.x.5")]
    [InlineData("99999999999.1.1")]
    public void What_is_no_version_of_memcached_is_taken_for_a_current_one(string text)
    {
        var version = ServerVersion.Parse(text);

        Assert.True(version.IsSupported);
        Assert.True(version.RepeatsOpaqueOfMiss);
    }
}
