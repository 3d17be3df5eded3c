using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Creating;

/// <summary>Every way out of a fill gives its right back. A right that is left behind is there for five minutes.</summary>
public sealed class LeaseReleaseTests : IAsyncDisposable
{
    private const string Key = "basket:1";

    private readonly FakeMemcached _server = FakeMemcached.Start();
    private readonly FakeSource _source = new();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_caller_that_leaves_before_its_read_is_answered_keeps_no_right()
    {
        await using var cache = await MakeAsync();
        using var leaving = new CancellationTokenSource();
        _server.HoldReplies();
        var call = cache.GetOrCreateAsync(Key, _source.AskAsync, cancellationToken: leaving.Token).AsTask();
        await Eventually.BecomesTrueAsync(() => HasItem, "memcached has given the right");

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.True(HasItem);
        _server.ReleaseReplies();

        await Eventually.BecomesTrueAsync(() => !HasItem, "the right is given back");
        Assert.Equal(0, _source.Runs);
    }

    [Theory]
    [InlineData("not carried out")]
    [InlineData("refused here")]
    [InlineData("fails to encode")]
    public async Task A_store_that_fails_keeps_no_right(string how)
    {
        await using var cache = await MakeAsync(options => options.Memcached.MaxValueBytes = 1000);
        _server.Faults.OnCommand = line =>
            how == "not carried out" && line.StartsWith($"ms {Key} ", StringComparison.Ordinal) ? FakeFault.CloseBefore : null;

        if (how == "fails to encode")
        {
            await Assert.ThrowsAnyAsync<Exception>(() => cache.GetOrCreateAsync(Key, _ => ValueTask.FromResult(new Unwritable())).AsTask());
        }
        else
        {
            _source.Says(how == "refused here" ? new string('x', 2000) : "made");
            Assert.NotNull(await cache.GetOrCreateAsync(Key, _source.AskAsync));
        }

        await Eventually.BecomesTrueAsync(() => !HasItem, "the right is given back");
    }

    [Fact]
    public async Task A_store_that_is_not_answered_gives_back_only_a_right_and_no_value()
    {
        await using var cache = await MakeAsync();
        _source.Says("made");
        _server.Faults.OnCommand = line => line.StartsWith($"ms {Key} ", StringComparison.Ordinal) ? FakeFault.CloseAfter : null;

        Assert.Equal("made", await cache.GetOrCreateAsync(Key, _source.AskAsync));

        await Eventually.BecomesTrueAsync(
            () => _server.Commands.Any(line => line.StartsWith($"md {Key} ", StringComparison.Ordinal)),
            "the right is given back, which the value has replaced");
        Assert.Equal("made", (await cache.GetAsync<string>(Key)).Value);
    }

    [Theory]
    [InlineData("counters", true)]
    [InlineData("counters", false)]
    [InlineData("connection", true)]
    [InlineData("connection", false)]
    public async Task A_server_that_changes_while_the_factory_runs_keeps_no_right(string what, bool fails)
    {
        await using var cache = await MakeAsync();
        _source.Holds();
        var result = new TaskCompletionSource<string>();
        var began = new TaskCompletionSource();
        var call = cache.GetOrCreateAsync(
            Key,
            async _ =>
            {
                began.SetResult();
                return await result.Task;
            }).AsTask();
        await began.Task;

        if (what == "counters")
        {
            // An audit notices that they are lost, and another life begins.
            Assert.True(_server.Evict("~nc:1:leases:total"));
            await Eventually.BecomesTrueAsync(() => _server.Items.ContainsKey("~nc:1:leases:total"), "the counters are there again");
        }
        else
        {
            _server.CloseConnections();
        }

        if (fails)
        {
            result.SetException(new InvalidOperationException("fails"));
            await Assert.ThrowsAsync<InvalidOperationException>(() => call);
            await Eventually.BecomesTrueAsync(() => !HasItem, "the right is given back");
        }
        else
        {
            result.SetResult("made");
            Assert.Equal("made", await call);
            await Eventually.BecomesTrueAsync(
                async () => !HasItem || (await cache.GetAsync<string>(Key)).Value == "made", "no empty item is left");
        }
    }

    [Fact]
    public async Task A_factory_that_goes_on_after_its_callers_left_keeps_its_right_for_one_lease_and_no_longer()
    {
        await using var shelf = new CacheFixture();
        var (cache, other) = (shelf.Make(), shelf.Make());
        _source.Holds();
        using var leaving = new CancellationTokenSource();
        var call = cache.GetOrCreateAsync(Key, _source.AskAsync, cancellationToken: leaving.Token).AsTask();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        // A renewal could come at each third of the lease.
        for (var i = 0; i < 60; i++)
        {
            shelf.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        // The clock stands still: a call that waited for the right would wait for ever.
        Assert.Equal("new", await other.GetOrCreateAsync(Key, _ => ValueTask.FromResult("new")));
        _source.Answer("late");
        Assert.Equal("new", (await other.GetAsync<string>(Key)).Value);
    }

    [Fact]
    public async Task Disposal_gives_the_rights_back_and_the_callers_get_their_values()
    {
        var cache = await MakeAsync();
        await using var other = await MakeAsync();
        _source.Holds();
        var call = cache.GetOrCreateAsync(Key, _source.AskAsync).AsTask();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");

        await cache.DisposeAsync();

        Assert.False(HasItem);
        Assert.Equal("of the other", await other.GetOrCreateAsync(Key, _ => ValueTask.FromResult("of the other")));
        _source.Answer("made");
        Assert.Equal("made", await call);
        Assert.Equal("of the other", (await other.GetAsync<string>(Key)).Value);
    }

    // A remote that cannot compare: what was stored after a removal is removed again, also when the callers have left meanwhile.
    [Fact]
    public async Task A_store_that_is_too_late_is_undone_although_its_caller_left()
    {
        var remote = new SlowRemote(
            new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions())));
        await using var cache = new NearCacheClient(new NearCacheOptions { KeyPrefix = "", DistributedCache = remote });
        using var leaving = new CancellationTokenSource();
        var call = cache.GetOrCreateAsync(Key, _ => ValueTask.FromResult("old"), cancellationToken: leaving.Token).AsTask();
        await remote.Storing.Task;
        await cache.RemoveAsync(Key);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        remote.Go.SetResult();

        await Eventually.BecomesTrueAsync(
            async () => remote.Stored == 1 && !(await cache.GetAsync<string>(Key)).HasValue, "the late value is gone");
    }

    private bool HasItem => _server.Items.ContainsKey(Key);

    private async Task<NearCacheClient> MakeAsync(Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            FillLease = TimeSpan.FromMinutes(5),
            Namespace = "leases",
            KeyPrefix = "",
            Memcached = { Servers = { _server.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        configure?.Invoke(options);
        var cache = new NearCacheClient(options);
        await cache.SetAsync("product:0", "warm");
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Servers.All(server => server.IsServedNear), "the server's life is known");
        return cache;
    }

    private sealed record Unwritable(int Length = 0)
    {
        public string Text => Length > 0 ? "" : throw new InvalidOperationException("It cannot be written.");
    }

    private sealed class SlowRemote(IDistributedCache inner) : IDistributedCache
    {
        public TaskCompletionSource Storing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Stored { get; private set; }

        public byte[]? Get(string key) => inner.Get(key);

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => inner.GetAsync(key, token);

        public void Refresh(string key) => inner.Refresh(key);

        public Task RefreshAsync(string key, CancellationToken token = default) => inner.RefreshAsync(key, token);

        public void Remove(string key) => inner.Remove(key);

        public Task RemoveAsync(string key, CancellationToken token = default) => inner.RemoveAsync(key, token);

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => inner.Set(key, value, options);

        // As a client that has sent its request: cancelling gives up the answer alone.
        public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            if (key == Key)
            {
                Storing.TrySetResult();
                await Go.Task;
                inner.Set(key, value, options);
                Stored++;
                token.ThrowIfCancellationRequested();
                return;
            }

            await inner.SetAsync(key, value, options, CancellationToken.None);
        }
    }
}
