using System.Globalization;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Faults;

/// <summary>Reads of many keys while one of three servers fails.</summary>
public sealed class OneServerDownTests : IAsyncDisposable
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 3000)
        .Select(i => string.Create(CultureInfo.InvariantCulture, $"key:{i}"))];
    private readonly FakeMemcached[] _servers = [FakeMemcached.Start(), FakeMemcached.Start(), FakeMemcached.Start()];
    private readonly MemcachedClient _client;

    public OneServerDownTests()
    {
        var options = new MemcachedOptions { OperationTimeout = TimeSpan.FromSeconds(1), ConnectTimeout = TimeSpan.FromSeconds(30) };
        foreach (var server in _servers)
        {
            options.Servers.Add(server.Address);
        }

        _client = new MemcachedClient(options);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_cancelled_token_is_heeded_whatever_the_list()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.TryGetManyAsync([], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.TryGetManyAsync(Keys, cancelled));
        Assert.All(_servers, server => Assert.Equal(0, server.AcceptedConnections));
    }

    [Fact]
    public async Task What_the_others_have_is_returned_and_each_key_of_the_server_that_is_down_says_why()
    {
        await StoreAsync();
        var missing = Keys.Skip(2900).ToHashSet();
        foreach (var key in missing)
        {
            await _client.DeleteAsync(key);
        }

        _servers[1].Kill();
        var result = await _client.TryGetManyAsync(Keys);

        Assert.False(result.IsComplete);
        Assert.Equal(Keys.Where(IsOfTheSecond).Order(), result.Failed.Keys.Order());
        Assert.Equal(Keys.Where(key => !IsOfTheSecond(key) && !missing.Contains(key)).Order(), result.Found.Keys.Order());
        Assert.All(result.Found, entry => Assert.Equal(entry.Key, System.Text.Encoding.ASCII.GetString(entry.Value)));
        Assert.All(result.Failed.Values, failure => Assert.Equal(_servers[1].Address, failure.Server));
        var whole = await Assert.ThrowsAnyAsync<MemcachedException>(() => _client.GetManyAsync(Keys));
        Assert.Equal(_servers[1].Address, whole.Server);
    }

    [Fact]
    public async Task A_server_that_hangs_costs_its_own_keys_and_the_time_that_an_operation_may_take()
    {
        await StoreAsync();
        _servers[1].HoldReplies();

        var result = await _client.TryGetManyAsync(Keys);

        Assert.Equal(Keys.Where(IsOfTheSecond).Order(), result.Failed.Keys.Order());
        Assert.All(result.Failed.Values, failure => Assert.IsType<MemcachedTimeoutException>(failure));
        Assert.Equal(Keys.Length - result.Failed.Count, result.Found.Count);
    }

    [Fact]
    public async Task A_key_that_its_server_refuses_fails_alone()
    {
        await StoreAsync();
        _servers[0].Faults.OnCommand = line =>
            line == "mg key:7 v" ? FakeFault.Garbage("SERVER_ERROR out of memory\r\n"u8.ToArray()) : null;
        _servers[1].Faults.OnCommand = _servers[2].Faults.OnCommand = _servers[0].Faults.OnCommand;

        var result = await _client.TryGetManyAsync(Keys);

        var failure = Assert.IsType<MemcachedServerErrorException>(Assert.Single(result.Failed).Value);
        Assert.Equal("SERVER_ERROR out of memory", failure.Error);
        Assert.Equal("key:7", result.Failed.Keys.Single());
        Assert.Equal(Keys.Length - 1, result.Found.Count);
    }

    [Fact]
    public async Task When_all_answer_it_is_complete_and_a_disposed_client_or_a_cancelled_token_throws()
    {
        await StoreAsync();

        Assert.True((await _client.TryGetManyAsync(Keys)).IsComplete);
        Assert.True((await _client.TryGetManyAsync([])).IsComplete);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.TryGetManyAsync(Keys, new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentException>(() => _client.TryGetManyAsync(["a key with spaces"]));
        await _client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _client.TryGetManyAsync(Keys));
    }

    private bool IsOfTheSecond(string key) => _client.ServerFor(System.Text.Encoding.ASCII.GetBytes(key)).Name == _servers[1].Address;

    private Task StoreAsync() =>
        _client.SetManyAsync(
            [.. Keys.Select(key => KeyValuePair.Create(key, (ReadOnlyMemory<byte>)System.Text.Encoding.ASCII.GetBytes(key)))]);
}
