using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Every_mistake_is_told_at_once()
    {
        var options = new ZooKeeperOptions
        {
            ConnectionString = "good:1,bad:port,a:b:c/app/",
            SessionTimeout = TimeSpan.Zero,
            RequestTimeout = TimeSpan.FromDays(-1),
            LivenessTimeout = TimeSpan.FromHours(1),
            ReconnectJitter = double.NaN,
            MaxMessageBytes = 0,
            Sasl = new ZooKeeperSaslCredentials("", ""),
        };
        options.Authentications.Add(new ZooKeeperAuthentication("", default));

        var exception = Assert.Throws<ArgumentException>(() => new ZooKeeperClient(options));

        foreach (var name in new[] { "ConnectionString", "SessionTimeout", "RequestTimeout", "LivenessTimeout", "ReconnectJitter", "MaxMessageBytes", "Sasl", "Authentications[0]" })
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }

        Assert.Contains("00:00:00", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_a_client_do_not_change_with_the_options_that_it_was_made_from()
    {
        var options = new ZooKeeperOptions { ConnectionString = "localhost" };
        options.Authentications.Add(ZooKeeperAuthentication.Digest("a", "b"));
        var copy = options.Copy();

        options.Authentications.Clear();
        options.ConnectionString = "";

        Assert.Equal("localhost", copy.ConnectionString);
        Assert.Single(copy.Authentications);
    }

    [Theory]
    [InlineData("a", "a:2181", "")]
    [InlineData("a:1,b,[::1]:3", "a:1 b:2181 [::1]:3", "")]
    [InlineData(" a:1 , b:2 /app/x", "a:1 b:2", "/app/x")]
    [InlineData("a/", "a:2181", "")]
    [InlineData("a,a", "a:2181", "")]
    public void A_connection_string_names_servers_and_a_root(string text, string servers, string chroot)
    {
        Assert.True(ServerList.TryParse(text, out var list, out _));
        Assert.Equal(chroot, list.Chroot);
        Assert.Equal(servers.Split(' '), Enumerable.Range(0, list.Count).Select(_ => list.Next().ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/app")]
    [InlineData("a,,b")]
    [InlineData("a:0")]
    [InlineData("a//b")]
    [InlineData("::1")]
    public void Another_one_is_refused_with_a_reason(string text)
    {
        Assert.False(ServerList.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }
}
