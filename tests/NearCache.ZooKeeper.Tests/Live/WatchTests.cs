using System.Collections.Concurrent;
using NearCache.TestSupport;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Live;

public sealed class WatchTests(LiveServer live)
{
    [Fact]
    public async Task One_shot_watches_fire_once_for_their_kind_of_change()
    {
        await using var client = await live.ConnectAsync(TestClients.WaitForHandlers);
        var events = new ConcurrentQueue<(string Watch, WatchEvent Event)>();
        await client.CreateAsync("/p", null);
        await client.ExistsAsync("/p/new", e => events.Enqueue(("exists", e)));
        await client.GetDataAsync("/p", e => events.Enqueue(("data", e)));
        await client.GetChildrenAsync("/p", e => events.Enqueue(("children", e)));

        await client.CreateAsync("/p/new", null);
        await client.SetDataAsync("/p", null);
        await client.SetDataAsync("/p", null);
        await client.CreateAsync("/p/more", null);
        await client.SyncAsync("/");

        Assert.Equivalent(
            new[]
            {
                ("exists", new WatchEvent { Type = WatchEventType.Created, Path = "/p/new" }),
                ("children", new WatchEvent { Type = WatchEventType.ChildrenChanged, Path = "/p" }),
                ("data", new WatchEvent { Type = WatchEventType.DataChanged, Path = "/p" }),
            },
            events.ToArray());
    }

    [Fact]
    public async Task Persistent_watches_fire_repeatedly()
    {
        await using var client = await live.ConnectAsync(TestClients.WaitForHandlers);
        var node = new ConcurrentQueue<WatchEvent>();
        var below = new ConcurrentQueue<WatchEvent>();
        await client.AddWatchAsync("/n", PersistentWatchMode.Node, node.Enqueue);
        await client.AddWatchAsync("/", PersistentWatchMode.Recursive, below.Enqueue);

        await client.CreateAsync("/n", null);
        await client.SetDataAsync("/n", null);
        await client.CreateAsync("/n/c", null);
        await client.DeleteAsync("/n/c");
        await client.DeleteAsync("/n");
        await client.SyncAsync("/");

        Assert.Equal(
            [
                WatchEventType.Created,
                WatchEventType.DataChanged,
                WatchEventType.ChildrenChanged,
                WatchEventType.ChildrenChanged,
                WatchEventType.Deleted,
            ],
            node.Select(e => e.Type));
        Assert.Equal(
            [
                (WatchEventType.Created, "/n"),
                (WatchEventType.DataChanged, "/n"),
                (WatchEventType.Created, "/n/c"),
                (WatchEventType.Deleted, "/n/c"),
                (WatchEventType.Deleted, "/n"),
            ],
            below.Select(e => (e.Type, e.Path)));
    }

    [Fact]
    public async Task A_removed_watch_does_not_fire_and_another_one_on_the_same_path_does()
    {
        await using var client = await live.ConnectAsync(TestClients.WaitForHandlers);
        var (removed, kept) = (0, 0);
        Action<WatchEvent> toRemove = _ => removed++;
        await client.CreateAsync("/p", null);
        await client.GetDataAsync("/p", toRemove);
        await client.GetDataAsync("/p", _ => kept++);

        await client.RemoveWatchesAsync("/p", WatchKind.Data, toRemove);
        await client.SetDataAsync("/p", null);
        await client.SyncAsync("/");
        Assert.Equal((0, 1), (removed, kept));

        await client.GetDataAsync("/p", toRemove);
        await client.RemoveWatchesAsync("/p");
        await client.SetDataAsync("/p", null);
        await client.SyncAsync("/");
        Assert.Equal((0, 1), (removed, kept));
    }

    [Fact]
    public async Task A_handler_may_close_the_client()
    {
        var client = await live.ConnectAsync();
        var closed = new TaskCompletionSource();
        await client.CreateAsync("/p", null);
        await client.GetDataAsync("/p", async e =>
        {
            await client.DisposeAsync();
            closed.SetResult();
        });

        await client.SetDataAsync("/p", null);

        await closed.Task.WaitAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(ZooKeeperState.Closed, client.State);
    }

    [Fact]
    public async Task Dispose_ends_the_session_at_once_and_notifies_the_watches()
    {
        await using var other = await live.ConnectAsync();
        var client = await live.ConnectAsync();
        var told = new TaskCompletionSource<WatchEvent>();
        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);
        await client.ExistsAsync("/other", told.SetResult);

        await client.DisposeAsync();

        Assert.True((await told.Task.WaitAsync(TimeSpan.FromMinutes(3))).IsFinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetDataAsync("/e").AsTask());
        var server = await live.ServerAsync();
        await Eventually.BecomesTrueAsync(
            async () => !(await server.AskAsync("dump")).Contains($"0x{client.SessionId:x}", StringComparison.Ordinal),
            "the session is gone");
    }
}
