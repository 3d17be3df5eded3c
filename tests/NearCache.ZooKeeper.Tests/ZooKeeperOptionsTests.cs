using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests;

public sealed class ZooKeeperOptionsTests
{
    [Fact]
    public void Every_mistake_is_reported_at_once()
    {
        var options = new ZooKeeperOptions
        {
            ConnectionString = "good:1,bad:port,a:b:c/app/",
            SessionTimeout = TimeSpan.Zero,
            RequestTimeout = TimeSpan.FromDays(-1),
            LivenessTimeout = TimeSpan.FromHours(1),
            ReconnectJitter = double.NaN,
            MaxMessageBytes = 0,
            Sasl = new ZooKeeperSaslCredentials { User = "", Password = "" },
        };
        options.Authentications.Add(new ZooKeeperAuthentication { Scheme = "", Credentials = default });

        var exception = Assert.Throws<ArgumentException>(() => new ZooKeeperClient(options));

        string[] names =
        [
            "ConnectionString", "SessionTimeout", "RequestTimeout", "LivenessTimeout", "ReconnectJitter", "MaxMessageBytes", "Sasl",
            "Authentications[0]",
        ];
        foreach (var name in names)
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }

        Assert.Contains("00:00:00", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_copies_its_options()
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
    public void A_connection_string_contains_servers_and_a_chroot(string text, string servers, string chroot)
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
    public void An_invalid_connection_string_is_rejected_with_a_reason(string text)
    {
        Assert.False(ServerList.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData(3, 3, 0)]   // servers before, afterwards, and how many of those before are gone
    [InlineData(3, 5, 0)]
    [InlineData(5, 3, 2)]
    [InlineData(3, 3, 1)]
    [InlineData(3, 3, 3)]
    [InlineData(5, 4, 3)]
    [InlineData(2, 6, 1)]
    [InlineData(1, 2, 0)]
    public void A_changed_list_spreads_clients_evenly(int before, int after, int gone)
    {
        var random = new Random(7);
        var all = Enumerable.Range(0, gone + after).Select(i => NearCache.Transport.ServerAddress.Parse($"zk-{i}:2181")).ToArray();
        var (old, now) = (all[..before], all[gone..]);
        var clients = Enumerable.Range(0, 60_000)
            .Select(i => (Was: old[i % before], Is: ServerList.ChooseTarget(old, now, old[i % before], random) ?? old[i % before]))
            .ToArray();

        Assert.All(
            now,
            server => Assert.InRange(
                clients.Count(client => client.Is == server), 0.95 * clients.Length / after, 1.05 * clients.Length / after));
        Assert.DoesNotContain(clients, client => !now.Contains(client.Is));

        // No more move than must.
        var least = now.Except(old).Count() * clients.Length / (double)after;
        var mustLeave = clients.Count(client => !now.Contains(client.Was));
        Assert.InRange(clients.Count(client => client.Was != client.Is), 0, Math.Max(least, mustLeave) * 1.05);
    }
}
