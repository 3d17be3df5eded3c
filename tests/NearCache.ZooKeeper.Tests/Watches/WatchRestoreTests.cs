using System.Collections.Concurrent;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Watches;

public sealed class WatchRestoreTests
{
    [Fact]
    public async Task Missed_changes_are_reported_after_the_reconnect()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/data", []);
        server.SetData("/gone", []);
        server.SetData("/parent", []);
        await using var client = await server.ConnectAsync(TestClients.WaitForHandlers);
        var events = new ConcurrentQueue<(WatchEventType, string)>();
        void Note(WatchEvent e) => events.Enqueue((e.Type, e.Path));
        await client.GetDataAsync("/data", Note);
        await client.GetDataAsync("/gone", Note);
        await client.ExistsAsync("/new", Note);
        await client.GetChildrenAsync("/parent", Note);
        await client.ExistsAsync("/quiet", Note);

        server.Stop();
        server.SetData("/data", [1]);
        server.Delete("/gone");
        server.SetData("/new", []);
        server.SetData("/parent/child", []);
        server.Restart();

        await Eventually.BecomesTrueAsync(() => events.Count == 4, "four events");
        Assert.Equivalent(
            new[]
            {
                (WatchEventType.DataChanged, "/data"), (WatchEventType.Deleted, "/gone"), (WatchEventType.Created, "/new"), (
                    WatchEventType.ChildrenChanged, "/parent"),
            },
            events);
        server.SetData("/quiet", []);
        await client.SyncAsync("/");
        Assert.Equal(5, events.Count);
    }

    [Fact]
    public async Task Many_watches_are_set_again_in_requests_of_128_KiB_at_most()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(options =>
        {
            options.RequestTimeout = TimeSpan.FromMinutes(1);
            TestClients.WaitForHandlers(options);
        });
        var fired = 0;
        const int Many = 20_000;
        await Task.WhenAll(
            Enumerable.Range(0, Many).Select(
                i => client.ExistsAsync($"/a-node-with-a-rather-long-name-{i:D8}", _ => Interlocked.Increment(ref fired)).AsTask()));
        Assert.Equal(Many, client.Session.Watches.Count);

        server.DropConnections();
        await Eventually.BecomesTrueAsync(() => server.Watches == Many, "all are set again");

        var requests = server.Requests.Where(request => request.Operation == "SetWatches").ToArray();
        Assert.InRange(requests.Length, 6, 12);
        Assert.All(requests, request => Assert.InRange(request.Length, 1, 128 * 1024));
        server.SetData("/a-node-with-a-rather-long-name-00000007", []);
        await client.SyncAsync("/");
        Assert.Equal(1, fired);
        Assert.Equal(Many - 1, client.Session.Watches.Count);
    }

    [Fact]
    public async Task A_persistent_watch_is_notified_that_it_may_have_missed_changes()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(TestClients.WaitForHandlers);
        var events = new ConcurrentQueue<WatchEvent>();
        await client.AddWatchAsync("/a", PersistentWatchMode.Recursive, events.Enqueue);

        server.Stop();
        server.SetData("/a/b", []);
        server.Restart();
        await Eventually.BecomesTrueAsync(() => !events.IsEmpty, "interrupted");

        // A request of the client follows the request that sets its watches again.
        await client.SyncAsync("/");
        server.SetData("/a/b", []);
        await client.SyncAsync("/");

        Assert.Equal(
            [
                new WatchEvent { Type = WatchEventType.Interrupted, Path = "/a" },
                new WatchEvent { Type = WatchEventType.DataChanged, Path = "/a/b" },
            ],
            events);
        Assert.Contains(server.Requests, request => request.Operation == "SetWatches2");
    }

    [Fact]
    public async Task Watches_that_fire_or_are_removed_leave_nothing_behind()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", []);
        await using var client = await server.ConnectAsync(TestClients.WaitForHandlers);
        Action<WatchEvent> same = _ => { };

        for (var i = 0; i < 1000; i++)
        {
            await client.GetDataAsync("/a", same);
        }

        Assert.Equal(1, client.Session.Watches.Count);
        server.SetData("/a", []);
        await client.SyncAsync("/");
        Assert.Equal(0, client.Session.Watches.Count);
        await client.GetDataAsync("/a", same);
        await client.RemoveWatchesAsync("/a");
        Assert.Equal(0, client.Session.Watches.Count);
        Assert.Equal(0, server.Watches);
    }
}
