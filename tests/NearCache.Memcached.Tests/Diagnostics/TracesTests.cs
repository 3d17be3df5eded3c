using System.Diagnostics;
using System.Globalization;
using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Diagnostics;

public sealed class TracesTests : IAsyncDisposable
{
    private const string Key = "secret-key";
    private readonly FakeMemcached _server = FakeMemcached.Start();
    private readonly MemcachedClient _client;

    public TracesTests() =>
        _client = new MemcachedClient(new MemcachedOptions { Servers = { _server.Address }, OperationTimeout = TimeSpan.FromMinutes(1) });

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Each_call_is_a_span_of_a_client_below_the_callers_and_says_no_key()
    {
        using var spans = new SpanRecorder(MemcachedTraces.SourceName);

        await _client.SetAsync(Key, new byte[10]);
        await _client.GetAsync(Key);
        await _client.GetManyAsync([Key, "other"]);
        await _client.Servers[0].GetVersionAsync();

        Assert.Equal(
            new[] { "set", "get", "BATCH get", "version" }.Select(operation => $"{operation} {_server.Address}"),
            spans.Ended.Select(span => span.DisplayName));
        Assert.All(spans.Ended, span =>
        {
            Assert.Equal(ActivityKind.Client, span.Kind);
            Assert.Equal(spans.Root.SpanId, span.ParentSpanId);
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
            Assert.Equal("memcached", span.GetTagItem("db.system.name"));
            Assert.Equal(span.DisplayName, $"{span.GetTagItem("db.operation.name")} {_server.Address}");
            Assert.Equal("127.0.0.1", span.GetTagItem("server.address"));
            Assert.Equal(_server.Port, span.GetTagItem("server.port"));
            Assert.DoesNotContain(
                span.TagObjects, tag => Convert.ToString(tag.Value, CultureInfo.InvariantCulture)!.Contains(Key, StringComparison.Ordinal));
        });
        Assert.Equal(2, spans.Ended[2].GetTagItem("db.operation.batch.size"));
    }

    [Fact]
    public async Task A_call_that_fails_says_what_was_wrong()
    {
        await _client.SetAsync(Key, new byte[10]);
        using var spans = new SpanRecorder(MemcachedTraces.SourceName);
        var tooLarge = new byte[_server.MaxValueBytes + 1];

        await Assert.ThrowsAsync<MemcachedServerErrorException>(() => _client.SetAsync(Key, tooLarge).AsTask());
        await _client.ExecuteAsync(MetaCommand.Set("a"u8.ToArray(), tooLarge));
        _server.HoldReplies();
        var lost = _client.GetManyAsync([Key, "other"]);
        _server.CloseConnections();
        await Assert.ThrowsAsync<MemcachedConnectionLostException>(() => lost);

        Assert.Equal(["server_error", "server_error", "lost"], spans.Ended.Select(span => span.GetTagItem("error.type")));
        Assert.All(spans.Ended, span => Assert.Equal(ActivityStatusCode.Error, span.Status));
    }

    [Fact]
    public async Task The_callers_own_span_stays_current_while_a_call_is_under_way_and_misuse_is_thrown_at_once()
    {
        await _client.SetAsync(Key, new byte[10]);
        using var spans = new SpanRecorder(MemcachedTraces.SourceName);

        _server.HoldReplies();
        var call = _client.GetAsync(Key);
        var group = _client.GetManyAsync([Key]);
        Assert.Same(spans.Root, Activity.Current);
        Assert.IsType<ArgumentException>(Record.Exception(Misuse));
        _server.ReleaseReplies();
        await call;
        await group;

        Assert.Same(spans.Root, Activity.Current);
        Assert.Equal(2, spans.Ended.Count);

        void Misuse() => _client.GetAsync("no key at all").AsTask();
    }
}
