using System.Diagnostics;
using NearCache.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Diagnostics;

public sealed class TracesTests
{
    private const string Memcached = "NearCache.Memcached";

    [Fact]
    public async Task GetOrCreate_is_a_span_with_the_factory_and_the_commands_below_it()
    {
        await using var server = FakeMemcached.Start();
        await using var cache = Connect(server);

        // The first audit finds a server without counters: what is created across that is not stored.
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Servers.All(one => one.IsServedNear), "audited");
        using var spans = new SpanRecorder(NearCacheTraces.SourceName, Memcached);
        ActivitySpanId? seen = null;

        await cache.GetOrCreateAsync("secret", _ =>
        {
            seen = Activity.Current?.SpanId;
            return ValueTask.FromResult("value");
        });

        var call = Assert.Single(spans.Ended, span => span.DisplayName == "nearcache.get_or_create");
        var factory = Assert.Single(spans.Ended, span => span.DisplayName == "nearcache.factory");
        Assert.Equal(spans.Root.SpanId, call.ParentSpanId);
        Assert.Equal(call.SpanId, factory.ParentSpanId);
        Assert.Equal(factory.SpanId, seen);
        Assert.Equal("factory", call.GetTagItem("nearcache.source"));
        var commands = spans.Ended.Where(span => span.Source.Name == Memcached).ToArray();
        Assert.Equal(["get", "set"], commands.Select(span => span.GetTagItem("db.operation.name")));
        Assert.All(commands, command => Assert.Equal(call.SpanId, command.ParentSpanId));
        Assert.All(
            spans.Ended,
            span => Assert.DoesNotContain(span.TagObjects, tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_value_of_memcached_has_no_factory_and_says_where_it_is_from()
    {
        await using var server = FakeMemcached.Start();
        await using var cache = Connect(server);
        await cache.SetAsync("secret", "value");
        using var spans = new SpanRecorder(NearCacheTraces.SourceName);

        Assert.Equal("value", await cache.GetOrCreateAsync("secret", _ => ValueTask.FromResult("another")));

        Assert.Equal("remote", Assert.Single(spans.Ended).GetTagItem("nearcache.source"));
    }

    [Fact]
    public async Task A_factory_that_fails_marks_its_span_and_that_of_the_call()
    {
        await using var server = FakeMemcached.Start();
        await using var cache = Connect(server);
        using var spans = new SpanRecorder(NearCacheTraces.SourceName);

        await Assert.ThrowsAsync<InvalidDataException>(
            () => cache.GetOrCreateAsync<string>("secret", _ => throw new InvalidDataException("secret")).AsTask());

        Assert.Equal(["nearcache.factory", "nearcache.get_or_create"], spans.Ended.Select(span => span.DisplayName));
        Assert.All(spans.Ended, span => Assert.Equal(ActivityStatusCode.Error, span.Status));
        Assert.All(spans.Ended, span => Assert.Equal("System.IO.InvalidDataException", span.GetTagItem("error.type")));
    }

    [Fact]
    public async Task A_near_hit_is_no_span()
    {
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });
        await Eventually.BecomesTrueAsync(
            async () =>
                (await cache.GetOrCreateResultAsync("product:1", _ => ValueTask.FromResult("value"))).Source == CacheSource.Near, "near");
        using var spans = new SpanRecorder(NearCacheTraces.SourceName);

        Assert.Equal("value", await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult("another")));

        Assert.Empty(spans.Ended);
    }

    [Fact]
    public async Task The_loops_of_a_cache_are_not_part_of_the_trace_in_which_it_was_made()
    {
        await using var server = FakeMemcached.Start();
        using var spans = new SpanRecorder(NearCacheTraces.SourceName, Memcached);
        await using var cache = Connect(server);
        Assert.Same(spans.Root, Activity.Current);

        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Servers.All(one => one.IsServedNear), "audited");
        Assert.Empty(spans.Ended);
        await cache.GetAsync<string>("a");

        Assert.Equal("get", Assert.Single(spans.Ended).GetTagItem("db.operation.name"));
    }

    private static NearCacheClient Connect(FakeMemcached server) =>
        new(new NearCacheOptions { Memcached = { Servers = { server.Address } } });
}
