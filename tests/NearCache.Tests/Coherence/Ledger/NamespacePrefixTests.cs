using System.Text;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Namespaces;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class NamespacePrefixTests : IDisposable
{
    private static readonly MetaResponse Absent = new() { Status = MetaStatus.Miss };
    private readonly LogRecorder _log = new();
    private readonly List<string> _decided = [];

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Servers_without_counters_get_the_namespace_for_their_prefix()
    {
        var prefix = Make(null, "a", "b");
        prefix.Record("a", 1, hasCounters: false, Absent);
        Assert.Null(prefix.Value);
        prefix.Record("b", 1, hasCounters: false, Absent);

        Assert.Equal(("shop:", true), (prefix.Value, prefix.Agrees));
        Assert.Equal(["shop:"], _decided);
        Assert.Equal("KeyPrefix=shop:;a,b", prefix.Describe("a,b"));
        Assert.Equal(0x84f694a82f0dbbdf, Membership.HashOf(prefix.Describe("cache-1.example:11211")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Counters_of_an_older_process_leave_it_empty(bool oneIsFresh)
    {
        var prefix = Make(null, "a", "b");
        prefix.Record("a", 1, hasCounters: !oneIsFresh, Absent);
        prefix.Record("b", 1, hasCounters: true, Absent);

        Assert.Equal(("", true), (prefix.Value, prefix.Agrees));
        Assert.Equal([1132], _log.Ids);
        Assert.Equal("a,b", prefix.Describe("a,b"));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("shop:", "shop:")]
    public void What_the_servers_say_is_taken_over_where_it_is_left_open(string said, string value)
    {
        var prefix = Make(null, "a");
        prefix.Record("a", 1, hasCounters: true, Item(said));
        Assert.Equal((value, true), (prefix.Value, prefix.Agrees));
    }

    [Fact]
    public async Task A_server_that_cannot_be_asked_is_not_waited_for_and_without_any_nothing_is_decided()
    {
        var prefix = Make(null, "a", "b");
        prefix.Failed("a");
        prefix.Failed("b");
        Assert.False(await prefix.SettledAsync(CancellationToken.None));

        prefix.Record("b", 1, hasCounters: false, Absent);
        Assert.True(await prefix.SettledAsync(CancellationToken.None));
        Assert.Equal("shop:", prefix.Value);
    }

    [Fact]
    public async Task A_process_that_differs_knows_it_says_so_once_and_creates_nothing()
    {
        var prefix = Make("other:", "a", "b");
        Assert.True(await prefix.MayCreateAsync(CancellationToken.None));
        prefix.Record("a", 1, hasCounters: true, Item("shop:"));
        prefix.Record("b", 1, hasCounters: false, Absent);
        prefix.Record("a", 1, hasCounters: true, Item("shop:"));

        Assert.False(prefix.Agrees);
        Assert.False(await prefix.MayCreateAsync(CancellationToken.None));
        Assert.Equal([1130], _log.Ids);
        Assert.Contains("\"shop:\" for the namespace shop, but this process has \"other:\"", _log.Texts[0], StringComparison.Ordinal);

        prefix.Record("a", 2, hasCounters: true, Item("other:"));
        Assert.True(prefix.Agrees);
    }

    [Fact]
    public async Task After_a_flush_a_process_that_differed_leaves_the_counters_to_the_others()
    {
        var wrong = Make("other:", "a");
        var right = Make(null, "a");
        foreach (var prefix in new[] { wrong, right })
        {
            prefix.Record("a", 1, hasCounters: true, Item("shop:"));
            prefix.Record("a", 2, hasCounters: false, Absent);
        }

        Assert.True(await right.MayCreateAsync(CancellationToken.None));
        Assert.False(await wrong.MayCreateAsync(CancellationToken.None));

        right.Stored("a", 2);
        wrong.Record("a", 3, hasCounters: true, Item("shop:"));
        Assert.Equal((true, false), (right.Agrees, wrong.Agrees));
        Assert.Equal([1130], _log.Ids);

        // If no other process creates them, the flush has changed the prefix.
        for (var look = 0; look < 10; look++)
        {
            Assert.False(await wrong.MayCreateAsync(CancellationToken.None));
            wrong.Record("a", 4, hasCounters: false, Absent);
        }

        Assert.True(await wrong.MayCreateAsync(CancellationToken.None));
    }

    [Fact]
    public void A_prefix_that_is_set_does_not_differ_from_counters_that_say_none()
    {
        var prefix = Make("other:", "a");
        Assert.False(prefix.Record("a", 1, hasCounters: true, Absent));
        Assert.True(prefix.Agrees);
    }

    [Fact]
    public void A_default_differs_from_counters_that_an_older_process_made_later()
    {
        var prefix = Make(null, "a");
        prefix.Record("a", 1, hasCounters: true, Item("shop:"));
        Assert.False(prefix.Record("a", 2, hasCounters: true, Absent));
        Assert.False(prefix.Agrees);
    }

    [Fact]
    public void An_item_that_was_evicted_is_put_back_while_its_counters_live()
    {
        var prefix = Make(null, "a");
        prefix.Record("a", 1, hasCounters: true, Item("shop:"));

        Assert.True(prefix.Record("a", 1, hasCounters: true, Absent));
        Assert.True(prefix.Record("a", 1, hasCounters: true, Absent));
        Assert.True(prefix.Agrees);
        Assert.Empty(_log.Ids);
    }

    private static MetaResponse Item(string prefix) => new() { Status = MetaStatus.Ok, Value = Encoding.UTF8.GetBytes(prefix) };

    private NamespacePrefix Make(string? configured, params string[] servers) =>
        new("shop", configured, fromServers: true, servers, _log) { Deciding = _decided.Add };
}
