using System.Collections.Concurrent;
using System.Net.Security;
using NearCache.Brokers;
using NearCache.Coherence.Messages.Core;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using RabbitMQ.Client;

namespace NearCache.RabbitMq.Tests;

/// <summary>The transport on a real broker: a slow consumer, two caches on one connection, TLS.</summary>
[Collection(BrokerTests.Name)]
public sealed class RabbitMqSubscriptionTests(BrokerFixture fixture, ITestOutputHelper output)
{
    [Fact]
    public async Task A_consumer_that_stands_still_grows_memory_nowhere_and_misses_the_oldest()
    {
        var broker = await fixture.GetAsync();
        var connections = RabbitMqConnections.New(TimeProvider.System);
        var client = new RabbitMqBroker(
            new RabbitMqOptions { Hosts = { broker.Address }, QueueLength = 100, MessageLifetime = TimeSpan.FromMinutes(5) }, connections);
        using var goesOn = new ManualResetEventSlim();
        var received = new ConcurrentQueue<int>();
        await using var slow = await client.ConnectAsync(
            new BrokerSubscription("slow", "slow", message =>
            {
                goesOn.Wait();
                received.Enqueue(BitConverter.ToInt32(message.Span));
            }),
            CancellationToken.None);
        var other = new RabbitMqBroker(
            new RabbitMqOptions { Hosts = { broker.Address } }, RabbitMqConnections.New(TimeProvider.System));
        await using var publisher = await other.ConnectAsync(new BrokerSubscription("slow", "fast", _ => { }), CancellationToken.None);
        var message = new byte[4_000];
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var number = 0; number < 3_000; number++)
        {
            BitConverter.TryWriteBytes(message, number);
            await publisher.PublishAsync(message, CancellationToken.None);
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        var queued = await broker.EvaluateAsync("[N || [{messages_ready, N}] <- rabbit_amqqueue:info_all(<<\"/\">>, [messages_ready])]");
        output.WriteLine($"[FIGURE] a consumer that stands still: {grown / 1024:N0} KB for 12 MB published");
        Assert.All(
            queued.Trim('[', ']').Split(','),
            ready => Assert.InRange(int.Parse(ready, System.Globalization.CultureInfo.InvariantCulture), 0, 100));
        Assert.InRange(grown, long.MinValue, 6 << 20);

        goesOn.Set();
        await Eventually.BecomesTrueAsync(() => received.Contains(2_999), "the newest message arrives");
        Assert.InRange(received.Count, 100, 400);
        Assert.DoesNotContain(1_500, received);
    }

    [Fact]
    public async Task Caches_with_equal_settings_share_a_connection_until_the_last_one_ends()
    {
        var broker = await fixture.GetAsync();
        var connections = RabbitMqConnections.New(TimeProvider.System);
        RabbitMqBroker New() => new(new RabbitMqOptions { Hosts = { broker.Address } }, connections);
        var received = new ConcurrentQueue<string>();
        var one = await New().ConnectAsync(new BrokerSubscription("one", "1", _ => received.Enqueue("one")), CancellationToken.None);
        var two = await New().ConnectAsync(new BrokerSubscription("two", "2", _ => received.Enqueue("two")), CancellationToken.None);
        Assert.NotNull(one.Info!.Local);
        Assert.Equal((one.Info.Local, broker.Port), (two.Info!.Local, one.Info.Remote!.Port));
        await one.DisposeAsync();
        await two.PublishAsync(new byte[10], CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => received.Contains("two"), "the other cache still receives");
        Assert.DoesNotContain("one", received);
        await two.DisposeAsync();
        await Eventually.BecomesTrueAsync(
            async () => await broker.EvaluateAsync("length(rabbit_networking:connections())") == "0", "the connection is closed");
    }

    [Fact]
    public async Task A_cache_that_ends_while_the_broker_stands_still_waits_for_nothing_and_leaves_the_connection_to_the_others()
    {
        var broker = await fixture.GetAsync();
        await using var network = FaultProxy.Start(broker.Port);
        var connections = RabbitMqConnections.New(TimeProvider.System);
        RabbitMqBroker New() => new(
            new RabbitMqOptions
            {
                Hosts = { network.Address },
                ConnectTimeout = TimeSpan.FromMinutes(1),
                Heartbeat = TimeSpan.FromMinutes(1),
            },
            connections);
        var received = new ConcurrentQueue<string>();
        var one = await New().ConnectAsync(new BrokerSubscription("one", "1", _ => received.Enqueue("one")), CancellationToken.None);

        network.Hold();
        using var ending = new CancellationTokenSource();
        var connecting = New().ConnectAsync(new BrokerSubscription("two", "2", _ => { }), ending.Token);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(TimeSpan.FromSeconds(30)));
        network.Resume();
        await one.PublishAsync(new byte[10], CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => received.Contains("one"), "the other cache still receives");
        await Eventually.BecomesTrueAsync(
            async () => await broker.EvaluateAsync("length(rabbit_channel:list())") == "1", "the channel of the ended cache is closed");

        // A write to a broker that does not read has no end of its own.
        network.Hold();
        var message = new byte[200_000];
        var writes = Enumerable.Range(0, 100).Select(_ => one.PublishAsync(message, CancellationToken.None)).ToArray();
        await one.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1));
        await Task.WhenAll(writes).ContinueWith(written => _ = written.Exception, TaskScheduler.Default);
    }

    [Fact]
    public async Task Caches_that_end_while_they_connect_leave_nothing_behind()
    {
        var broker = await fixture.GetAsync();
        var unobserved = new ConcurrentQueue<string>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e) => unobserved.Enqueue(e.Exception.ToString());
        TaskScheduler.UnobservedTaskException += Note;
        for (var time = 0; time < 60; time++)
        {
            var client = new RabbitMqBroker(
                new RabbitMqOptions { Hosts = { broker.Address } }, RabbitMqConnections.New(TimeProvider.System));
            using var ending = new CancellationTokenSource(TimeSpan.FromMilliseconds(time));
            try
            {
                await (await client.ConnectAsync(new BrokerSubscription("ends", $"{time}", _ => { }), ending.Token)).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
            }
        }

        await Eventually.BecomesTrueAsync(
            async () => await broker.EvaluateAsync("length(rabbit_networking:connections())") == "0", "every connection is closed");
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= Note;
        Assert.Empty(unobserved);
    }

    [Fact]
    public async Task Headers_are_read_only_as_far_as_their_nesting_fits_on_the_stack()
    {
        var broker = await fixture.GetAsync();
        var received = new ConcurrentQueue<int>();
        await using var cache = await new RabbitMqBroker(
            new RabbitMqOptions { Hosts = { broker.Address } }, RabbitMqConnections.New(TimeProvider.System))
            .ConnectAsync(new BrokerSubscription("headers", "1", message => received.Enqueue(message.Length)), CancellationToken.None);
        await using var other = await fixture.ConnectAsync();
        await using var channel = await other.CreateChannelAsync();
        Task PublishAsync(int headers, int body) => channel.BasicPublishAsync(
            "nearcache.headers",
            "",
            mandatory: false,
            new BasicProperties { Headers = new Dictionary<string, object?> { ["h"] = new byte[headers] } },
            new byte[body]).AsTask();

        await PublishAsync(1_000, AnnouncementMessage.MaxBytes);
        await Eventually.BecomesTrueAsync(() => received.Contains(AnnouncementMessage.MaxBytes), "the largest message is received");
        await PublishAsync(11_000, body: 1);
        await Eventually.BecomesTrueAsync(() => cache.Ended.IsCompleted, "the connection ends");
        Assert.Contains("exceeds maximum", await cache.Ended, StringComparison.Ordinal);
        Assert.DoesNotContain(1, received);
    }

    [Fact]
    public async Task What_fails_after_it_was_given_up_is_observed()
    {
        var unobserved = new ConcurrentQueue<string>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e) => unobserved.Enqueue(e.Exception.ToString());
        TaskScheduler.UnobservedTaskException += Note;
        await GiveUpAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= Note;
        Assert.DoesNotContain(unobserved, exception => exception.Contains("too late", StringComparison.Ordinal));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static async Task GiveUpAsync()
        {
            var time = new ManualTime();
            var closing = new TaskCompletionSource();
            var limited = LimitedClose.RunAsync(_ => closing.Task, time);
            time.Advance(LimitedClose.Limit);
            await limited;
            closing.SetException(new TimeoutException("too late"));
        }
    }

    [Fact]
    public async Task A_connection_over_TLS_validates_the_certificate()
    {
        _ = await fixture.GetAsync();
        RabbitMqBroker New(RemoteCertificateValidationCallback? validate) => new(
            new RabbitMqOptions
            {
                Hosts = { $"localhost:{fixture.TlsPort}" },
                Tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = validate },
            },
            RabbitMqConnections.New(TimeProvider.System));
        var subscription = new BrokerSubscription("tls", "1", _ => { });

        var refused = await Assert.ThrowsAsync<RabbitMqException>(() => New(null).ConnectAsync(subscription, CancellationToken.None));
        Assert.Contains($"localhost:{fixture.TlsPort}", refused.Message, StringComparison.Ordinal);
        await using var accepted = await New((_, shown, _, _) => shown?.GetCertHashString() == fixture.Certificate.GetCertHashString())
            .ConnectAsync(subscription, CancellationToken.None);
        await accepted.PublishAsync(new byte[10], CancellationToken.None);
    }

    [Fact]
    public async Task What_prevents_a_connection_is_told_with_the_settings()
    {
        var broker = await fixture.GetAsync();
        async Task<string> FailAsync(RabbitMqOptions options, string @namespace = "fail") =>
            (await Assert.ThrowsAsync<RabbitMqException>(
                () => new RabbitMqBroker(options, RabbitMqConnections.New(TimeProvider.System))
                    .ConnectAsync(new BrokerSubscription(@namespace, "1", _ => { }), CancellationToken.None))).Message;

        var port = Ports.Free();
        var absent = await FailAsync(new RabbitMqOptions { Hosts = { $"127.0.0.1:{port}" } });
        Assert.Contains($"127.0.0.1:{port}", absent, StringComparison.Ordinal);
        var missing = await FailAsync(new RabbitMqOptions { Hosts = { broker.Address }, VirtualHost = "none" });
        Assert.Contains("virtual host \"none\"", missing, StringComparison.Ordinal);
        var undeclared = await FailAsync(new RabbitMqOptions { Hosts = { broker.Address }, DeclareExchange = false });
        Assert.Contains("DeclareExchange", undeclared, StringComparison.Ordinal);

        // Another program has declared the exchange otherwise.
        await using (var other = await fixture.ConnectAsync())
        {
            await using var channel = await other.CreateChannelAsync();
            await channel.ExchangeDeclareAsync("nearcache.taken", "direct", durable: false, autoDelete: true);
            var taken = await FailAsync(new RabbitMqOptions { Hosts = { broker.Address } }, "taken");
            Assert.Contains("the exchange of the namespace \"taken\" (VirtualHost, Exchange,", taken, StringComparison.Ordinal);
            Assert.Contains("406", taken, StringComparison.Ordinal);
        }

        // A user without permissions.
        await broker.AddUserAsync("stranger", "stranger", permissions: null);
        var stranger = new RabbitMqOptions { Hosts = { broker.Address }, UserName = "stranger", Password = "stranger" };
        Assert.Contains("permissions of the user \"stranger\"", await FailAsync(stranger), StringComparison.Ordinal);
    }
}
