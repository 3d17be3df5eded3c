using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Tests.Reading;
using NearCache.TestSupport;

namespace NearCache.Tests.Adapters.Distributed;

/// <summary>What every <see cref="IDistributedCache"/> does: asked of Microsoft's own, so that it is no invention, and of ours.</summary>
public abstract class DistributedCacheContract : IAsyncDisposable
{
    private static readonly byte[] One = [1];

    protected ManualTime Time { get; } = new();

    /// <summary>The cache in question, on <see cref="Time"/>.</summary>
    protected abstract IDistributedCache Cache { get; }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_was_set_is_read()
    {
        await Cache.SetAsync("key", [1, 2, 3], new DistributedCacheEntryOptions());
        await Cache.SetAsync("empty", [], new DistributedCacheEntryOptions());

        Assert.Equal([1, 2, 3], await Cache.GetAsync("key"));
        Assert.Equal([1, 2, 3], await Cache.GetAsync("key"));
        Assert.Empty((await Cache.GetAsync("empty"))!);
        Assert.Null(await Cache.GetAsync("not there"));
    }

    [Fact]
    public void The_members_that_block_do_the_same()
    {
        Cache.Set("key", One, new DistributedCacheEntryOptions());
        Assert.Equal(One, Cache.Get("key"));
        Cache.Refresh("key");
        Cache.Refresh("not there");
        Cache.Remove("key");
        Cache.Remove("not there");
        Assert.Null(Cache.Get("key"));
    }

    [Fact]
    public async Task A_set_replaces_and_a_remove_removes()
    {
        await Cache.SetAsync("key", One, new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(10) });
        await Cache.SetStringAsync("key", "two");
        Assert.Equal("two", await Cache.GetStringAsync("key"));

        await Cache.RemoveAsync("key");
        await Cache.RemoveAsync("not there");

        Assert.Null(await Cache.GetAsync("key"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with spaces")]
    [InlineData("größe/日本/😀")]
    [InlineData("line\nbreak")]
    [InlineData("#mark")]
    public async Task A_key_may_be_any_text(string key)
    {
        await Cache.SetAsync(key, One, new DistributedCacheEntryOptions());
        Assert.Equal(One, await Cache.GetAsync(key));
        await Cache.RemoveAsync(key);
        Assert.Null(await Cache.GetAsync(key));
    }

    [Fact]
    public async Task A_key_may_be_very_long()
    {
        var key = new string('k', 5000);
        await Cache.SetAsync(key, One, new DistributedCacheEntryOptions());
        Assert.Equal(One, await Cache.GetAsync(key));
        Assert.Null(await Cache.GetAsync(key + "k"));
    }

    [Fact]
    public async Task Null_is_refused()
    {
        var options = new DistributedCacheEntryOptions();

        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.GetAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.SetAsync(null!, One, options));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.SetAsync("key", null!, options));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.SetAsync("key", One, null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.RefreshAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.RemoveAsync(null!));
        Assert.Throws<ArgumentNullException>(() => Cache.Get(null!));
        Assert.Throws<ArgumentNullException>(() => Cache.Set(null!, One, options));
        Assert.Throws<ArgumentNullException>(() => Cache.Refresh(null!));
        Assert.Throws<ArgumentNullException>(() => Cache.Remove(null!));
    }

    [Fact]
    public async Task Texts_go_in_and_come_out()
    {
        var options = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10) };
        Cache.SetString("blocking", "größe");
        Cache.SetString("blocking with options", "", options);
        await Cache.SetStringAsync("key", "größe");
        await Cache.SetStringAsync("key with options", "😀", options);
        Cache.Set("bytes", One);
        await Cache.SetAsync("other bytes", One);

        Assert.Equal(("größe", ""), (Cache.GetString("blocking"), Cache.GetString("blocking with options")));
        Assert.Equal(("größe", "😀"), (await Cache.GetStringAsync("key"), await Cache.GetStringAsync("key with options")));
        Assert.Equal("größe"u8.ToArray(), await Cache.GetAsync("key"));
        Assert.Equal((null, null), (Cache.GetString("not there"), await Cache.GetStringAsync("not there")));
        Assert.Throws<ArgumentNullException>(() => Cache.SetString(null!, ""));
        Assert.Throws<ArgumentNullException>(() => Cache.SetString("key", null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Cache.SetStringAsync("key", null!));

        Time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal((null, null), (Cache.GetString("blocking with options"), await Cache.GetStringAsync("key with options")));
        Assert.Equal(("größe", "größe"), (Cache.GetString("blocking"), await Cache.GetStringAsync("key")));
        Assert.Equal(One, Cache.Get("bytes"));
        Assert.Equal(One, await Cache.GetAsync("other bytes"));
    }

    [Fact]
    public void Expirations_that_are_not_positive_are_no_options()
    {
        foreach (var wrong in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.MinValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new DistributedCacheEntryOptions().SetAbsoluteExpiration(wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => new DistributedCacheEntryOptions().SetSlidingExpiration(wrong));
        }
    }

    [Fact]
    public async Task The_bytes_that_were_given_may_be_used_again()
    {
        if (Cache is not NearDistributedCache)
        {
            return;   // Microsoft's keeps the very array.
        }

        var bytes = new byte[] { 1, 2 };
        await Cache.SetAsync("key", bytes, new DistributedCacheEntryOptions());
        bytes[0] = 9;
        var first = await Cache.GetAsync("key");
        first![1] = 9;

        Assert.Equal([1, 2], await Cache.GetAsync("key"));
    }

    [Fact]
    public async Task An_entry_ends_with_its_absolute_expiration()
    {
        await Cache.SetAsync("date", One, new DistributedCacheEntryOptions { AbsoluteExpiration = Time.GetUtcNow().AddSeconds(10) });
        await Cache.SetAsync("span", One, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10) });
        await Cache.SetAsync("long", One, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromDays(100) });

        Time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal((true, true), (await Cache.GetAsync("date") is not null, await Cache.GetAsync("span") is not null));
        Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((null, null), (await Cache.GetAsync("date"), await Cache.GetAsync("span")));
        Assert.Equal(One, await Cache.GetAsync("long"));
    }

    [Fact]
    public async Task A_sliding_entry_lives_while_it_is_asked_for()
    {
        await Cache.SetAsync("read", One, new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(20) });
        await Cache.SetAsync("refreshed", One, new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(20) });
        await Cache.SetAsync("forgotten", One, new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(20) });
        for (var i = 0; i < 20; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(One, await Cache.GetAsync("read"));
            await Cache.RefreshAsync("refreshed");
        }

        Assert.Equal(One, await Cache.GetAsync("refreshed"));
        Assert.Null(await Cache.GetAsync("forgotten"));
        Time.Advance(TimeSpan.FromSeconds(22));
        Assert.Equal((null, null), (await Cache.GetAsync("read"), await Cache.GetAsync("refreshed")));
    }

    [Fact]
    public async Task A_sliding_entry_ends_with_its_absolute_expiration_all_the_same()
    {
        await Cache.SetAsync(
            "key",
            One,
            new DistributedCacheEntryOptions
            {
                SlidingExpiration = TimeSpan.FromSeconds(20),
                AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(50),
            });
        for (var i = 0; i < 4; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(12));
            Assert.Equal(One, await Cache.GetAsync("key"));
        }

        Time.Advance(TimeSpan.FromSeconds(4));

        Assert.Null(await Cache.GetAsync("key"));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_already_does_nothing()
    {
        if (Cache is not NearDistributedCache)
        {
            return;   // Microsoft's never waits for anything.
        }

        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Cache.GetAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Cache.SetAsync("key", One, new DistributedCacheEntryOptions(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Cache.RefreshAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Cache.RemoveAsync("key", cancelled));
        Assert.Null(await Cache.GetAsync("key"));
    }

    [Fact]
    public async Task Buffers_go_in_and_come_out()
    {
        if (Cache is not IBufferDistributedCache buffers)
        {
            return;   // Microsoft's own in-memory cache knows arrays only.
        }

        var output = new ArrayBufferWriter<byte>();
        var parts = new Part([1, 2]);
        var sequence = new ReadOnlySequence<byte>(parts, 0, parts.Then([3]), 1);
        await buffers.SetAsync("key", sequence, new DistributedCacheEntryOptions());
        buffers.Set("blocking", sequence, new DistributedCacheEntryOptions());

        Assert.True(await buffers.TryGetAsync("key", output));
        Assert.True(buffers.TryGet("blocking", output));
        Assert.False(await buffers.TryGetAsync("not there", output));
        Assert.False(buffers.TryGet("not there", output));
        Assert.Equal([1, 2, 3, 1, 2, 3], output.WrittenSpan.ToArray());
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(byte[] bytes) => Memory = bytes;

        public Part Then(byte[] bytes)
        {
            var next = new Part(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
