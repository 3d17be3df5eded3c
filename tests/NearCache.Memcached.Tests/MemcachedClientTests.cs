using System.Buffers;
using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Tests;

/// <summary>The whole protocol; the same against the distribution's memcached and against the fake.</summary>
public abstract class MemcachedClientTests(MemcachedClient client)
{
    private readonly MemcachedClient _client = client;
    private readonly string _key = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task What_was_set_is_read_and_what_was_not_is_a_miss()
    {
        Assert.Null(await _client.GetAsync(_key));
        Assert.True(await _client.SetAsync(_key, "value"u8.ToArray()));

        Assert.Equal("value"u8.ToArray(), await _client.GetAsync(_key));
        Assert.True(await _client.DeleteAsync(_key));
        Assert.False(await _client.DeleteAsync(_key));
        Assert.Null(await _client.GetAsync(_key));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32 * 1024 - 1)]
    [InlineData(32 * 1024)]
    [InlineData(100_000)]
    [InlineData(1_048_000)]
    public async Task Values_of_every_size_come_back_whole(int size)
    {
        var value = new byte[size];
        new Random(size).NextBytes(value);
        await _client.SetAsync(_key, value);

        Assert.Equal(value, await _client.GetAsync(_key));
        var writer = new ArrayBufferWriter<byte>();
        Assert.True(await _client.GetAsync(_key, writer));
        Assert.Equal(value, writer.WrittenSpan.ToArray());
        Assert.Equal(size, (await _client.GetAsync(_key, MetaFields.Size)).Size);
    }

    [Fact]
    public async Task A_group_that_names_its_connection_goes_by_that_one_or_by_none()
    {
        var server = _client.ServerFor(Bytes(_key));
        var connection = server.ConnectionIdFor(Bytes(_key));
        MetaCommand[] group = [MetaCommand.Set(Bytes(_key), "value"u8.ToArray())];

        var sent = await server.ExecuteAsync(group, connection);
        Assert.Equal((connection, MetaStatus.Ok), (sent.ConnectionId, sent.Responses[0].Status));
        var lost = await Assert.ThrowsAsync<MemcachedConnectionLostException>(() => server.ExecuteAsync(group, connection + 1_000_000));
        Assert.Equal((false, true), (lost.OutcomeUnknown, lost.IsTransient));
        Assert.Throws<ArgumentException>(() => { _ = server.ExecuteAsync(Array.Empty<MetaCommand>(), connection); });
    }

    [Fact]
    public async Task A_value_over_the_servers_item_size_is_an_error_of_that_command_alone()
    {
        var e = await Assert.ThrowsAsync<MemcachedServerErrorException>(async () => await _client.SetAsync(_key, new byte[1 << 20]));
        Assert.Contains("too large", e.Error, StringComparison.Ordinal);
        Assert.False(e.IsTransient);

        var response = await _client.ExecuteAsync(MetaCommand.Set(Bytes(_key), new byte[1 << 20]));
        Assert.Equal(MetaStatus.Error, response.Status);
        Assert.True(await _client.SetAsync(_key, new byte[1]));
    }

    [Fact]
    public async Task Flags_cas_time_to_live_and_access_are_told_when_asked_for()
    {
        await _client.SetAsync(_key, "v"u8.ToArray(), TimeSpan.FromSeconds(100), clientFlags: uint.MaxValue);
        await _client.GetAsync(_key);

        var response = await _client.GetAsync(_key, (MetaFields)127);

        Assert.Equal(MetaStatus.Ok, response.Status);
        Assert.Equal("v"u8, response.Value.Span);
        Assert.Equal(uint.MaxValue, response.ClientFlags);
        Assert.NotEqual(0UL, response.Cas);
        Assert.InRange(response.TimeToLive, 90, 100);
        Assert.InRange(response.LastAccess, 0, 10);
        Assert.Equal(1, response.Size);
        Assert.True(response.WasHit);
    }

    [Fact]
    public async Task Add_replace_append_and_prepend_keep_their_conditions()
    {
        Assert.False(await _client.ReplaceAsync(_key, "x"u8.ToArray()));
        Assert.False(await _client.AppendAsync(_key, "x"u8.ToArray()));
        Assert.True(await _client.AddAsync(_key, "b"u8.ToArray()));
        Assert.False(await _client.AddAsync(_key, "x"u8.ToArray()));
        Assert.True(await _client.AppendAsync(_key, "c"u8.ToArray()));
        Assert.True(await _client.PrependAsync(_key, "a"u8.ToArray()));
        Assert.Equal("abc"u8.ToArray(), await _client.GetAsync(_key));
        Assert.True(await _client.ReplaceAsync(_key, "z"u8.ToArray()));
        Assert.Equal("z"u8.ToArray(), await _client.GetAsync(_key));
    }

    [Fact]
    public async Task Compare_and_set_stores_only_over_what_was_seen()
    {
        Assert.Equal(MetaStatus.NotFound, (await _client.CompareAndSetAsync(_key, "1"u8.ToArray(), 1)).Status);
        await _client.SetAsync(_key, "1"u8.ToArray());
        var cas = (await _client.GetAsync(_key, MetaFields.Cas)).Cas;

        var stored = await _client.CompareAndSetAsync(_key, "2"u8.ToArray(), cas);
        Assert.Equal(MetaStatus.Ok, stored.Status);
        Assert.Equal(MetaStatus.Exists, (await _client.CompareAndSetAsync(_key, "3"u8.ToArray(), cas)).Status);
        Assert.Equal(MetaStatus.Ok, (await _client.CompareAndSetAsync(_key, "4"u8.ToArray(), stored.Cas)).Status);
    }

    [Fact]
    public async Task Touching_changes_the_time_to_live()
    {
        Assert.False(await _client.TouchAsync(_key, TimeSpan.FromSeconds(50)));
        await _client.SetAsync(_key, "1"u8.ToArray());
        Assert.Equal(-1, (await _client.GetAsync(_key, MetaFields.TimeToLive)).TimeToLive);

        Assert.True(await _client.TouchAsync(_key, TimeSpan.FromSeconds(50)));
        Assert.InRange((await _client.GetAsync(_key, MetaFields.TimeToLive)).TimeToLive, 40, 50);
        Assert.Equal("1"u8.ToArray(), await _client.GetAndTouchAsync(_key, TimeSpan.FromDays(60)));
        Assert.InRange((await _client.GetAsync(_key, MetaFields.TimeToLive)).TimeToLive, 59 * 86400, (60 * 86400) + 60);
    }

    [Fact]
    public async Task Counters_count_and_are_made_when_an_initial_value_is_given()
    {
        Assert.Null(await _client.IncrementAsync(_key));
        Assert.Equal(10UL, await _client.IncrementAsync(_key, initial: 10));
        Assert.Equal(15UL, await _client.IncrementAsync(_key, 5));
        Assert.Equal(12UL, await _client.DecrementAsync(_key, 3));
        Assert.Equal(0UL, await _client.DecrementAsync(_key, 100));
        Assert.Equal(ulong.MaxValue, await _client.IncrementAsync(_key, ulong.MaxValue));

        await _client.SetAsync(_key, "text"u8.ToArray());
        await Assert.ThrowsAsync<MemcachedServerErrorException>(async () => await _client.IncrementAsync(_key));
    }

    [Fact]
    public async Task Of_two_who_miss_one_wins_the_lease_and_fills_it()
    {
        var first = await _client.GetOrLeaseAsync(_key, TimeSpan.FromSeconds(30));
        var second = await _client.GetOrLeaseAsync(_key, TimeSpan.FromSeconds(30));
        Assert.True(first.IsWinner);
        Assert.True(second is { IsWinner: false, IsWonByAnother: true, Value.Length: 0 });

        Assert.Equal(MetaStatus.Ok, (await _client.CompareAndSetAsync(_key, "filled"u8.ToArray(), first.Cas)).Status);
        var third = await _client.GetOrLeaseAsync(_key, TimeSpan.FromSeconds(30));
        Assert.True(third is { IsWinner: false, IsWonByAnother: false });
        Assert.Equal("filled"u8, third.Value.Span);
    }

    [Fact]
    public async Task A_stale_item_is_served_while_one_caller_has_the_win()
    {
        await _client.SetAsync(_key, "old"u8.ToArray());
        var before = await _client.GetAsync(_key, MetaFields.Cas);
        Assert.True(await _client.MarkStaleAsync(_key, TimeSpan.FromSeconds(30)));

        var first = await _client.GetAsync(_key, MetaFields.Value | MetaFields.Cas);
        var second = await _client.GetAsync(_key, MetaFields.Value);

        Assert.True(first is { IsStale: true, IsWinner: true });
        Assert.True(second is { IsStale: true, IsWonByAnother: true });
        Assert.Equal("old"u8, second.Value.Span);
        Assert.NotEqual(before.Cas, first.Cas);
        Assert.Equal(MetaStatus.Ok, (await _client.CompareAndSetAsync(_key, "new"u8.ToArray(), first.Cas)).Status);
        Assert.False((await _client.GetAsync(_key, MetaFields.Value)).IsStale);
    }

    [Fact]
    public async Task Binary_keys_are_any_bytes_up_to_their_limit()
    {
        byte[] key = [.. Enumerable.Range(0, 186).Select(i => (byte)(i * 7))];
        Assert.Equal(MetaStatus.Ok, (await _client.ExecuteAsync(MetaCommand.Set(key, "b"u8.ToArray()) with { IsBinaryKey = true })).Status);

        var response = await _client.ExecuteAsync(MetaCommand.Get(key) with { IsBinaryKey = true });

        Assert.Equal("b"u8, response.Value.Span);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _client.ExecuteAsync(MetaCommand.Get(new byte[187]) with { IsBinaryKey = true }));
    }

    [Fact]
    public async Task A_group_goes_in_order_on_one_connection()
    {
        var key = Bytes(_key);
        MetaCommand[] group =
        [
            MetaCommand.Set(
                key, "7"u8.ToArray()), MetaCommand.Increment(key, 3), MetaCommand.Get(key), MetaCommand.Delete(key), MetaCommand.Get(key),
            MetaCommand.Set(key, new byte[1 << 20]), MetaCommand.Set(key, new byte[200_000]), MetaCommand.Get(key), MetaCommand.NoOp(),
        ];

        var result = await _client.Servers[0].ExecuteAsync(group);

        Assert.Equal(
            [MetaStatus.Ok, MetaStatus.Ok, MetaStatus.Ok, MetaStatus.Ok, MetaStatus.Miss, MetaStatus.Error, MetaStatus.Ok, MetaStatus.Ok,
                MetaStatus.Ok],
            result.Responses.Select(response => response.Status));
        Assert.Equal(10UL, result.Responses[1].Number);
        Assert.Equal("10"u8, result.Responses[2].Value.Span);
        Assert.Equal(200_000, result.Responses[7].Value.Length);
        Assert.Equal(_client.Servers[0].Connections.Single().Id, result.ConnectionId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("a\0b")]
    [InlineData("a\tb")]
    [InlineData("\u007f")]
    public async Task Illegal_keys_are_refused_before_anything_is_sent(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _client.GetAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _client.ExecuteAsync(MetaCommand.Delete(Bytes(key))));
    }

    // The encoder would replace each by the same character, and two keys would be one.
    [Fact]
    public async Task A_key_with_half_of_a_surrogate_pair_is_refused_before_anything_is_sent()
    {
        foreach (var key in new[] { $"{_key}\ud83d", $"{_key}\udc00x", $"\ude00{_key}" })
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(async () => await _client.SetAsync(key, "x"u8.ToArray()));
            var position = key.TakeWhile(letter => !char.IsSurrogate(letter)).Count();
            Assert.Contains($"at position {position}.", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ArgumentException>(() => _client.GetManyAsync([key]));
        }

        Assert.True(await _client.SetAsync($"{_key}\ud83d\ude00", "x"u8.ToArray()));
    }

    // memcached replies to an item of the past with a time to live near 2^32, and counts with a CAS of 0 without comparing.
    [Fact]
    public async Task Numbers_that_memcached_would_misunderstand_are_refused_before_anything_is_sent()
    {
        await _client.SetAsync(_key, "5"u8.ToArray());
        var get = MetaCommand.Get(Bytes(_key), MetaFields.Value | MetaFields.TimeToLive);
        foreach (var command in new[]
        {
            get with { TimeToLive = -1 },
            get with { Vivify = -1 },
            get with { Recache = -1 },
            MetaCommand.Increment(Bytes(_key)) with { CompareCas = 0 },
        })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await _client.ExecuteAsync(command));
        }

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await _client.SetAsync(_key, "6"u8.ToArray(), TimeSpan.FromSeconds(-1)));
        Assert.Equal("timeToLive", error.ParamName);
        Assert.Equal("5"u8.ToArray(), await _client.GetAsync(_key));
    }

    [Fact]
    public async Task Keys_have_at_most_250_bytes_of_utf8()
    {
        await _client.SetAsync(new string('ü', 125), "u"u8.ToArray());
        Assert.Equal("u"u8.ToArray(), await _client.GetAsync(new string('ü', 125)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _client.GetAsync(new string('ü', 126)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _client.GetAsync(new string('a', 251)));
    }

    [Fact]
    public async Task A_value_over_our_own_limit_is_refused_before_anything_is_sent() =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await _client.SetAsync(_key, new byte[(1 << 20) + 1]));

    [Fact]
    public async Task Many_are_stored_and_read_together()
    {
        var items = Enumerable.Range(0, 1500)
            .Select(i => KeyValuePair.Create($"{_key}:{i}", (ReadOnlyMemory<byte>)Bytes($"value {i}")))
            .ToArray();
        await _client.SetManyAsync(items, TimeSpan.FromMinutes(1));

        var values = await _client.GetManyAsync([.. items.Select(item => item.Key), $"{_key}:missing"]);

        Assert.Equal(1500, values.Count);
        Assert.All(items, item => Assert.Equal(item.Value.ToArray(), values[item.Key]));
        Assert.Empty(await _client.GetManyAsync([]));
    }

    [Fact]
    public async Task Our_connection_is_found_among_those_that_the_server_lists()
    {
        await _client.GetAsync(_key);
        var ours = _client.Servers[0].Connections.Single();
        var theirs = await _client.Servers[0].GetServerConnectionsAsync();

        Assert.Single(theirs, connection => connection.Address == $"tcp:{ours.Local}");
        Assert.True(ours is { Operations: > 0, BytesSent: > 0, BytesReceived: > 0 });
    }

    [Fact]
    public async Task A_peek_does_not_count_as_a_read_of_the_item()
    {
        await _client.SetAsync(_key, "value"u8.ToArray());
        var peek = MetaCommand.Get(Encoding.UTF8.GetBytes(_key), MetaFields.WasHit | MetaFields.Size) with { IsPeek = true };

        Assert.False((await _client.ExecuteAsync(peek)).WasHit);
        Assert.True(await _client.ExecuteAsync(peek) is { WasHit: false, Size: 5 });
        await _client.GetAsync(_key);
        Assert.True((await _client.ExecuteAsync(peek)).WasHit);
    }

    [Fact]
    public async Task Version_and_statistics_are_told()
    {
        Assert.Matches(@"^\d+\.\d+", await _client.Servers[0].GetVersionAsync());
        Assert.Matches(@"^\d+\.\d+", _client.Servers[0].Version);
        Assert.Contains("curr_connections", await _client.Servers[0].GetStatisticsAsync());
    }

    [Fact]
    public async Task Groups_of_statistics_that_are_switches_keep_the_connection()
    {
        await _client.GetAsync(_key);
        var connection = Assert.Single(_client.Servers[0].Connections).Id;

        Assert.Empty(await _client.Servers[0].GetStatisticsAsync("detail on"));
        await _client.Servers[0].GetStatisticsAsync("detail dump");
        Assert.Empty(await _client.Servers[0].GetStatisticsAsync("detail off"));
        await _client.Servers[0].GetStatisticsAsync("reset");

        Assert.Equal(connection, Assert.Single(_client.Servers[0].Connections).Id);
    }

    [Fact]
    public async Task A_counter_that_was_counted_down_is_read_as_its_number()
    {
        Assert.Null(await _client.GetCounterAsync(_key));
        await _client.IncrementAsync(_key, initial: 1000);
        Assert.Equal(999UL, await _client.DecrementAsync(_key));

        Assert.Equal(999UL, await _client.GetCounterAsync(_key));
        Assert.Equal("999 "u8.ToArray(), await _client.GetAsync(_key));
        Assert.Equal(998UL, await _client.DecrementAsync(_key));

        await _client.SetAsync(_key, "text"u8.ToArray());
        await Assert.ThrowsAsync<FormatException>(async () => await _client.GetCounterAsync(_key));
    }

    [Fact]
    public async Task Durations_of_any_length_can_be_told()
    {
        await _client.SetAsync(_key, "v"u8.ToArray(), TimeSpan.MaxValue);
        Assert.Equal(-1, (await _client.GetAsync(_key, MetaFields.TimeToLive)).TimeToLive);
        Assert.True(await _client.TouchAsync(_key, TimeSpan.MaxValue));
        Assert.True((await _client.GetOrLeaseAsync(_key + "x", TimeSpan.MaxValue, winBefore: TimeSpan.MaxValue)).IsWinner);
        Assert.Equal(5UL, await _client.IncrementAsync(_key + "c", initial: 5, timeToLive: TimeSpan.MaxValue));

        await _client.Servers[0].FlushAllAsync(TimeSpan.MaxValue);
        Assert.NotNull(await _client.GetAsync(_key));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _client.Servers[0].FlushAllAsync(TimeSpan.FromSeconds(-1)));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
