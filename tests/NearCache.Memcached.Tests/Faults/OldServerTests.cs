using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Faults;

/// <summary>Servers of other versions than the distribution's.</summary>
public sealed class OldServerTests
{
    [Theory]
    [InlineData("1.4.5")]
    [InlineData("1.5.22")]
    [InlineData("1.6.9")]
    public async Task A_server_that_is_too_old_is_refused_with_its_version_once_and_found_when_it_was_upgraded(string version)
    {
        await using var server = FakeMemcached.Start();
        server.Version = version;
        var (log, time) = (new LogRecorder(), new ManualTime());
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, ReconnectJitter = 0 }, log, timeProvider: time);

        for (var call = 0; call < 10; call++)
        {
            var e = await Assert.ThrowsAsync<MemcachedServerTooOldException>(async () => await client.SetAsync("k", "v"u8.ToArray()));
            Assert.Equal((version, server.Address, false, false), (e.Version, e.Server, e.IsTransient, e.OutcomeUnknown));
            Assert.Contains($"memcached {version}", e.Message, StringComparison.Ordinal);
            Assert.Contains("1.6.10", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, server.AcceptedConnections);
        Assert.Equal(MemcachedServerState.Down, client.Servers[0].State);
        Assert.DoesNotContain(server.Commands, line => line != "version");
        await Eventually.BecomesTrueAsync(() => log.Of(2100).Length > 0, "it is logged");
        Assert.Contains($"memcached {version}", Assert.Single(log.Of(2100)), StringComparison.Ordinal);
        Assert.Empty(log.Of(2001));

        server.Version = "1.6.18";
        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return client.Servers[0].State == MemcachedServerState.Up;
            },
            "it is asked again and found");
        Assert.Equal(2, server.AcceptedConnections);
        Assert.Equal("1.6.18", client.Servers[0].Version);
    }

    [Theory]
    [InlineData("1.6.10", true)]
    [InlineData("1.6.17", true)]
    [InlineData("1.6.17", false)]
    [InlineData("1.6.18", true)]
    public async Task The_replies_of_every_version_are_understood_and_verified(string version, bool verifies)
    {
        await using var server = FakeMemcached.Start();
        server.Version = version;
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server.Address }, VerifyReplies = verifies });
        await client.SetAsync("k", "v"u8.ToArray());

        for (var i = 0; i < 20; i++)
        {
            Assert.Null(await client.GetAsync($"absent {i}".Replace(' ', '-')));
            Assert.Equal("v"u8.ToArray(), await client.GetAsync("k"));
            Assert.False(await client.DeleteAsync("absent"));
        }

        // A get that asks for nothing has to have a flag all the same.
        Assert.Equal(MetaStatus.Ok, (await client.GetAsync("k", MetaFields.None)).Status);
        Assert.Equal(MetaStatus.Miss, (await client.GetAsync("absent", MetaFields.None)).Status);
        Assert.Equal(["k"], (await client.GetManyAsync(["absent", "k", "gone"])).Keys);
        Assert.Equal(1, server.AcceptedConnections);
    }

    // What an old server may do, a newer one may not: there a miss that repeats nothing could be that of another command.
    [Fact]
    public async Task A_miss_without_its_number_ends_the_connection_to_a_server_that_repeats_it()
    {
        await using var server = FakeMemcached.Start();
        server.Faults.OnCommand = line => line.StartsWith("mg", StringComparison.Ordinal) ? FakeFault.Garbage("EN\r\n"u8.ToArray()) : null;
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server.Address }, VerifyReplies = true });

        await Assert.ThrowsAsync<MemcachedProtocolException>(async () => await client.GetAsync("k"));
    }

    [Fact]
    public async Task A_miss_with_the_number_of_another_command_ends_the_connection_to_every_server()
    {
        await using var server = FakeMemcached.Start();
        server.Version = "1.6.17";
        server.Faults.OnCommand = line => line.StartsWith("mg", StringComparison.Ordinal)
            ? FakeFault.Garbage("EN O999\r\n"u8.ToArray())
            : null;
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server.Address }, VerifyReplies = true });

        await Assert.ThrowsAsync<MemcachedProtocolException>(async () => await client.GetAsync("k"));
    }
}
