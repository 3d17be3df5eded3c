using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using NearCache.Brokers;

namespace NearCache.RabbitMq.Tests;

/// <summary>A program that accepts connections and never replies, in place of a broker: a half-open network, or a wrong port.</summary>
public sealed class ConnectingTests : IDisposable
{
    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);

    public ConnectingTests() => _silent.Start();

    public void Dispose() => _silent.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_attempt_ends_after_ConnectTimeout_and_names_it(bool tls)
    {
        var refused = await Assert.ThrowsAsync<RabbitMqException>(() => ConnectAsync(tls, TimeSpan.FromMilliseconds(200), default));
        Assert.Contains($"{_silent.LocalEndpoint}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("no answer within ConnectTimeout", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_reply_takes_no_time_from_the_next_one_and_each_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var options = new RabbitMqOptions
        {
            Hosts = { $"{_silent.LocalEndpoint}", $"{other.LocalEndpoint}" },
            ConnectTimeout = TimeSpan.FromMilliseconds(500),
        };

        var refused = await Assert.ThrowsAsync<RabbitMqException>(() => ConnectAsync(options, default));

        Assert.True(_silent.Pending() && other.Pending(), "each was tried");
        Assert.Contains($"{_silent.LocalEndpoint}: no answer within ConnectTimeout", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{other.LocalEndpoint}: no answer within ConnectTimeout", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cache_that_ends_while_it_connects_ends_the_attempt(bool tls)
    {
        using var ending = new CancellationTokenSource();
        var connecting = ConnectAsync(tls, TimeSpan.FromMinutes(1), ending.Token);
        using var accepted = await _silent.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(30)));

        // What the client has sent, and then its end, which is a reset if it had not read everything.
        var sent = new byte[1024];
        try
        {
            while (await accepted.ReceiveAsync(sent, TestContext.Current.CancellationToken) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    private Task<IBrokerConnection> ConnectAsync(bool tls, TimeSpan timeout, CancellationToken cancellationToken) => ConnectAsync(
        new RabbitMqOptions
        {
            Hosts = { $"{_silent.LocalEndpoint}" },
            ConnectTimeout = timeout,
            Tls = tls ? new SslClientAuthenticationOptions() : null,
        },
        cancellationToken);

    private static Task<IBrokerConnection> ConnectAsync(RabbitMqOptions options, CancellationToken cancellationToken) =>
        new RabbitMqBroker(options, RabbitMqConnections.New(TimeProvider.System))
            .ConnectAsync(new BrokerSubscription("silent", "1", _ => { }), cancellationToken);
}
