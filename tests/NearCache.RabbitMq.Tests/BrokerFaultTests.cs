using System.Globalization;
using NearCache.TestSupport;
using RabbitMQ.Client;

namespace NearCache.RabbitMq.Tests;

/// <summary>
/// A real broker that is killed, paused, blocked, cut off, or refuses: the bound holds, no error reaches the application, and announcements
/// arrive again by themselves.
/// </summary>
[Collection(BrokerTests.Name)]
public sealed class BrokerFaultTests(BrokerFixture fixture, ITestOutputHelper output)
{
    // A coarse clock and the time of the check.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_change_is_heard_and_carried_by_one_connection_per_process_and_an_exclusive_bounded_queue()
    {
        var broker = await fixture.GetAsync();
        await using var fleet = await RabbitMqFleet.StartAsync(broker.Address);
        var took = new List<double>();
        for (var change = 0; change < 30; change++)
        {
            took.Add((await fleet.ChangeAsync($"value {change}")).TotalMilliseconds);

            // The budget of messages is not measured.
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        took.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"[FIGURE] RabbitMQ, 30 changes: heard after p50 {took[15]:0.0} ms, longest {took[^1]:0.0} ms"));
        Assert.Equal(0, RabbitMqFleet.Carrier(fleet.Reader).WithoutSignature);
        Assert.Equal(1, fleet.Reader.Connections.Count(connection => connection.Kind == CacheConnectionKind.Broker));

        var queues = (await broker.EvaluateAsync(
                "rabbit_amqqueue:info_all(<<\"/\">>, [name, durable, auto_delete, exclusive, arguments])"))
            .Split("{name,").Where(queue => queue.Contains("<<\"nearcache.fleet.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, queues.Length);
        Assert.All(queues, queue =>
        {
            Assert.Contains("{durable,false},{auto_delete,true},{exclusive,true}", queue, StringComparison.Ordinal);
            Assert.Contains("{<<\"x-max-length\">>,signedint,1000}", queue, StringComparison.Ordinal);
            Assert.Contains("{<<\"x-message-ttl\">>,long,10000}", queue, StringComparison.Ordinal);
            Assert.Contains("{<<\"x-expires\">>,long,60000}", queue, StringComparison.Ordinal);
            Assert.Contains("{<<\"x-overflow\">>,longstr,<<\"drop-head\">>}", queue, StringComparison.Ordinal);
        });
        Assert.Contains(
            "<<\"nearcache.fleet\">>}},{type,fanout}",
            await broker.EvaluateAsync("rabbit_exchange:info_all(<<\"/\">>, [name, type])"),
            StringComparison.Ordinal);
        Assert.Equal("2", await broker.EvaluateAsync("length(rabbit_networking:connections())"));
    }

    [Fact]
    public async Task Whatever_happens_to_the_broker_the_bound_holds_no_call_fails_and_it_delivers_again_by_itself()
    {
        var broker = await fixture.GetAsync();
        await broker.AddUserAsync("cache", "right", "^nearcache[.]");
        await using var network = FaultProxy.Start(broker.Port);
        await using var fleet = await RabbitMqFleet.StartAsync(
            network.Address, options => (options.UserName, options.Password) = ("cache", "right"));

        broker.Pause();
        await CheckAwayAsync(fleet, "paused");
        broker.Resume();
        await CheckBackAsync(fleet, "paused");

        // A network that is gone without a word, and one that resets connections.
        network.Hold();
        await CheckAwayAsync(fleet, "cut off");
        network.Resume();
        await CheckBackAsync(fleet, "cut off");
        var connects = Connects(fleet);
        network.Cut();
        await Eventually.BecomesTrueAsync(() => Connects(fleet) >= connects + 2, "both connect again");
        await CheckBackAsync(fleet, "reset");

        // An alarm of its disk.
        await broker.SetDiskLimitAsync(1_000_000_000_000_000);
        await CheckAwayAsync(fleet, "blocked");
        Assert.Contains("the broker accepts no messages", RabbitMqFleet.Carrier(fleet.Writer).Problem, StringComparison.Ordinal);
        for (var change = 2; change < 1_000; change++)
        {
            await fleet.Writer.SetAsync($"product:{change}", "many");
        }

        Assert.InRange(RabbitMqFleet.Carrier(fleet.Writer).Waiting, 1, 500);
        await broker.SetDiskLimitAsync(1_000_000);
        await CheckBackAsync(fleet, "blocked");

        // Deleted queues.
        connects = Connects(fleet);
        await broker.EvaluateAsync("[rabbit_amqqueue:delete(Q, false, false, <<\"test\">>) || Q <- rabbit_amqqueue:list()]");
        await Eventually.BecomesTrueAsync(() => Connects(fleet) >= connects + 2, "both subscribe again");
        await CheckBackAsync(fleet, "deleted");

        // Messages of another program: too large for a connection to go on, and garbage.
        connects = Connects(fleet);
        await using (var other = await fixture.ConnectAsync())
        {
            await using var channel = await other.CreateChannelAsync();
            await channel.BasicPublishAsync("nearcache.fleet", "", new byte[1 << 20]);
            await Eventually.BecomesTrueAsync(() => Connects(fleet) >= connects + 2, "both connect again");
            await CheckBackAsync(fleet, "hostile");
            await channel.BasicPublishAsync("nearcache.fleet", "", new byte[100]);
            await Eventually.BecomesTrueAsync(() => RabbitMqFleet.Carrier(fleet.Reader).Unreadable > 0, "the garbage is counted");
        }

        // A login that is refused.
        await broker.ChangePasswordAsync("cache", "other");
        network.Cut();
        await CheckAwayAsync(fleet, "refused");
        await Eventually.BecomesTrueAsync(
            () => RabbitMqFleet.Carrier(fleet.Writer).Problem?.Contains("login was refused", StringComparison.Ordinal) == true,
            "the problem is named");
        await broker.ChangePasswordAsync("cache", "right");
        await CheckBackAsync(fleet, "refused");

        // The broker is killed and comes back.
        broker.Kill();
        await CheckAwayAsync(fleet, "killed");
        await broker.StartAsync();
        await CheckBackAsync(fleet, "killed");
        Assert.Equal(0, RabbitMqFleet.Carrier(fleet.Reader).WithoutSignature);
    }

    private static long Connects(RabbitMqFleet fleet) =>
        RabbitMqFleet.Carrier(fleet.Reader).Connects + RabbitMqFleet.Carrier(fleet.Writer).Connects;

    // The promise, while no announcement arrives, and no exception.
    private async Task CheckAwayAsync(RabbitMqFleet fleet, string fault)
    {
        await fleet.IsAwayAsync();
        var found = await fleet.ChangeAsync($"{fault}: unheard");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"[FIGURE] RabbitMQ {fault}: a change is found after {found.TotalMilliseconds:0} ms"));
        Assert.InRange(found, TimeSpan.Zero, Bound);
    }

    private async Task CheckBackAsync(RabbitMqFleet fleet, string fault)
    {
        var started = TimeProvider.System.GetTimestamp();
        await fleet.DeliversAsync();
        var recovered = TimeProvider.System.GetElapsedTime(started);
        var heard = await fleet.ChangeAsync($"{fault}: heard");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] RabbitMQ {fault}: delivers again after {recovered.TotalSeconds:0.0} s, a change is heard after "
                + $"{heard.TotalMilliseconds:0} ms"));
    }
}
