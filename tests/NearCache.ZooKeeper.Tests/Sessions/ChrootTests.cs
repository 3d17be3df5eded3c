using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>A chroot that does not exist, and nodes whose ancestors are missing.</summary>
public sealed class ChrootTests
{
    [Fact]
    public async Task A_missing_chroot_is_created_before_any_request_if_CreateChroot_is_set()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", null);
        var zxid = server.Zxid;
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString + "/a/b/c", CreateChroot = true });

        Assert.Equal("/x", (await client.CreateAsync("/x", null)).Path);

        Assert.Contains("/a/b/c/x", server.Paths());
        Assert.Equal(zxid + 4, server.Zxid);   // the session, /a/b, /a/b/c, /x: no transaction failed

        await using var second = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString + "/a/b/c", CreateChroot = true });
        Assert.NotNull(await second.ExistsAsync("/x"));
        Assert.Equal(zxid + 5, server.Zxid);
    }

    [Fact]
    public async Task Without_CreateChroot_one_error_names_the_chroot_and_nothing_is_created()
    {
        await using var server = FakeZooKeeper.Start();
        var logs = new LogRecorder();
        await using var client = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = server.ConnectionString + "/ap" }, logs);

        Assert.Null(await client.ExistsAsync("/x"));
        var missing = await Assert.ThrowsAsync<ChrootMissingException>(() => client.EnsureChrootAsync().AsTask());

        Assert.Equal("/ap", missing.Chroot);
        Assert.Contains("CreateChroot", missing.Message, StringComparison.Ordinal);
        Assert.Contains("/ap", Assert.Single(logs.Of(3108)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChrootMissingException>(() => client.CreateWithParentsAsync("/x/y", null).AsTask());
        Assert.Equal(["/"], server.Paths());
        Assert.DoesNotContain(server.Requests, request => request.Operation is "Create2" or "Multi");

        server.SetData("/ap", null);
        await client.EnsureChrootAsync();
        await client.CreateAsync("/x", null);
    }

    [Fact]
    public async Task A_deleted_chroot_is_created_again_on_request()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString + "/app", CreateChroot = true });
        await client.EnsureChrootAsync();
        server.Delete("/app");

        await client.EnsureChrootAsync();

        Assert.Contains("/app", server.Paths());
        await client.CreateAsync("/x", null);
    }

    [Fact]
    public async Task A_connection_lost_during_the_chroot_check_is_replaced_and_the_session_is_still_reported_as_new()
    {
        await using var server = FakeZooKeeper.Start();
        var lost = 0;
        server.OnRequest = request => request.Operation == "Exists" && Interlocked.Increment(ref lost) <= 2 ? FakeFault.CloseBefore : null;
        await using var client = TestClients.New(server.ConnectionString + "/app", options => options.CreateChroot = true);
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        var change = await changes.NextAsync();
        while (change.State != ZooKeeperState.Connected)
        {
            change = await changes.NextAsync();
        }

        Assert.True(change.IsNewSession);
        Assert.Single(server.Sessions);
        Assert.Contains("/app", server.Paths());
    }

    [Fact]
    public async Task A_node_is_created_with_its_ancestors()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", null);
        await using var client = await server.ConnectAsync();
        var zxid = server.Zxid;

        var created = await client.CreateWithParentsAsync("/a/b/c", new byte[] { 1 });
        Assert.Equal("/a/b/c", created.Path);
        Assert.Equal(zxid + 2, server.Zxid);
        Assert.Equal([1], server.GetData("/a/b/c"));
        Assert.Null(server.GetData("/a/b"));

        Assert.Equal("/s/n-0000000000", (await client.CreateWithParentsAsync("/s/n-", null, ZNodeMode.EphemeralSequential)).Path);
        Assert.Equal("/top", (await client.CreateWithParentsAsync("/top", null)).Path);
        await Assert.ThrowsAsync<NodeExistsException>(() => client.CreateWithParentsAsync("/a/b/c", null).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => client.CreateWithParentsAsync("/a//c", null).AsTask());
    }

    [Fact]
    public async Task An_ancestor_that_another_client_creates_or_deletes_concurrently_does_no_harm()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        var round = 0;
        server.OnRequest = request =>
        {
            // Between the check and the create request: another client creates the node, and later deletes its parent.
            if (request.Operation == "Create2" && request.Path == "/p/q" && round++ == 0)
            {
                server.SetData("/p/q", null);
            }
            else if (request.Operation == "Create2" && request.Path == "/p/q/r" && round++ == 1)
            {
                server.Delete("/p/q");
            }

            return null;
        };

        Assert.Equal("/p/q/r", (await client.CreateWithParentsAsync("/p/q/r", null)).Path);
        Assert.True(round >= 2);
    }
}
