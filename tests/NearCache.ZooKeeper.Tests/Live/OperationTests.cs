using System.Text;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>Every operation on a real server.</summary>
public sealed class OperationTests(LiveServer live)
{
    [Fact]
    public async Task A_created_node_has_its_data_and_its_stat()
    {
        await using var client = await live.ConnectAsync();

        var created = await client.CreateAsync("/a", "one"u8.ToArray());
        var read = await client.GetDataAsync("/a");

        Assert.Equal("/a", created.Path);
        Assert.Equal(created.Stat, read.Stat);
        Assert.Equal("one", Encoding.UTF8.GetString(read.Data.Span));
        Assert.Equal(3, read.Stat.DataLength);
        Assert.Equal(0, read.Stat.Version);
        Assert.InRange(read.Stat.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Fact]
    public async Task Null_and_empty_data_are_distinguished()
    {
        await using var client = await live.ConnectAsync();

        await client.CreateAsync("/null", null);
        await client.CreateAsync("/empty", ReadOnlyMemory<byte>.Empty);

        Assert.True((await client.GetDataAsync("/null")).IsNull);
        Assert.False((await client.GetDataAsync("/empty")).IsNull);
        Assert.Equal(0, (await client.GetDataAsync("/null")).Data.Length);
    }

    [Fact]
    public async Task Each_mode_creates_its_kind_of_node()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/modes", null);

        var ephemeral = await client.CreateAsync("/modes/e", null, ZNodeMode.Ephemeral);
        var first = await client.CreateAsync("/modes/s-", null, ZNodeMode.PersistentSequential);
        var second = await client.CreateAsync("/modes/", null, ZNodeMode.EphemeralSequential);
        var container = await client.CreateAsync("/modes/c", null, ZNodeMode.Container);
        var lived = await client.CreateAsync("/modes/t", null, ZNodeMode.PersistentWithTimeToLive, timeToLive: TimeSpan.FromHours(1));
        var numbered = await client.CreateAsync(
            "/modes/t-", null, ZNodeMode.PersistentSequentialWithTimeToLive, timeToLive: TimeSpan.FromHours(1));

        Assert.Equal(client.SessionId, ephemeral.Stat.EphemeralOwner);
        Assert.Equal("/modes/s-0000000001", first.Path);
        Assert.Equal("/modes/0000000002", second.Path);
        Assert.Equal("/modes/c", container.Path);
        Assert.Equal(0, lived.Stat.EphemeralOwner);
        Assert.Matches(@"^/modes/t-\d{10}$", numbered.Path);
        Assert.Equal(6, (await client.GetChildrenAsync("/modes")).Names.Count);
        Assert.Equal(6, await client.GetAllChildrenNumberAsync("/modes"));
        Assert.Equal([ephemeral.Path, second.Path], (await client.GetEphemeralsAsync("/modes")).Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public async Task Versions_are_compared()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/v", null);

        var changed = await client.SetDataAsync("/v", "x"u8.ToArray(), 0);
        Assert.Equal(1, changed.Version);
        var wrong = await Assert.ThrowsAsync<BadVersionException>(() => client.SetDataAsync("/v", null, 0).AsTask());
        Assert.Equal("/v", wrong.Path);
        Assert.Equal(ZooKeeperErrorCode.BadVersion, wrong.Code);
        Assert.False(wrong.IsTransient);
        await Assert.ThrowsAsync<BadVersionException>(() => client.DeleteAsync("/v", 0).AsTask());
        await client.DeleteAsync("/v", 1);

        Assert.Null(await client.ExistsAsync("/v"));
    }

    [Fact]
    public async Task Each_refusal_of_a_server_has_its_own_exception()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/p", null);
        await client.CreateAsync("/p/c", null);
        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);

        await Assert.ThrowsAsync<NoNodeException>(() => client.GetDataAsync("/none").AsTask());
        await Assert.ThrowsAsync<NoNodeException>(() => client.CreateAsync("/none/below", null).AsTask());
        await Assert.ThrowsAsync<NodeExistsException>(() => client.CreateAsync("/p", null).AsTask());
        await Assert.ThrowsAsync<NotEmptyException>(() => client.DeleteAsync("/p").AsTask());
        await Assert.ThrowsAsync<NoChildrenForEphemeralsException>(() => client.CreateAsync("/e/x", null).AsTask());
        await Assert.ThrowsAsync<InvalidAclException>(
            () => client.SetAclAsync("/p", [new ZNodeAcl { Permissions = ZNodePermissions.All, Scheme = "nonsense", Id = "x" }]).AsTask());
        await Assert.ThrowsAsync<NoWatcherException>(() => client.RemoveWatchesAsync("/p").AsTask());
    }

    [Fact]
    public async Task A_multi_is_one_transaction()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/m", null);

        var results = await client.MultiAsync([
            MultiOperation.Check("/m", 0), MultiOperation.Create("/m/a", "1"u8.ToArray()), MultiOperation.Create(
                "/m/s-", null, ZNodeMode.EphemeralSequential),
            MultiOperation.Create(
                "/m/c", null, ZNodeMode.Container), MultiOperation.SetData("/m", "2"u8.ToArray()), MultiOperation.Delete("/m/a"),
        ]);

        Assert.Equal(6, results.Count);
        Assert.All(results, result => Assert.Equal(ZooKeeperErrorCode.Ok, result.Error));
        Assert.Equal("/m/s-0000000001", results[2].Path);
        Assert.Equal(1, results[4].Stat!.Value.Version);
    }

    [Fact]
    public async Task A_multi_that_fails_changes_nothing_and_names_the_failed_operation()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/m", null);

        var failed = await Assert.ThrowsAsync<MultiFailedException>(() => client.MultiAsync([
            MultiOperation.Create("/m/a", null), MultiOperation.Check("/m", 7), MultiOperation.Delete("/m/a"),
        ]).AsTask());

        Assert.Equal(1, failed.FailedIndex);
        Assert.Equal("/m", failed.Path);
        Assert.Equal(ZooKeeperErrorCode.BadVersion, failed.Code);
        Assert.Equal(
            [ZooKeeperErrorCode.Ok, ZooKeeperErrorCode.BadVersion, ZooKeeperErrorCode.RuntimeInconsistency],
            failed.Results.Select(result => result.Error));
        Assert.Empty((await client.GetChildrenAsync("/m")).Names);
    }

    [Fact]
    public async Task Reads_in_one_request_succeed_and_fail_separately()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/r", "data"u8.ToArray());
        await client.CreateAsync("/r/c", null);

        var results = await client.MultiReadAsync(
            [MultiReadOperation.GetData("/r"), MultiReadOperation.GetData("/none"), MultiReadOperation.GetChildren("/r")]);

        Assert.Equal("data", Encoding.UTF8.GetString(results[0].Data!.Value.Data.Span));
        Assert.Equal(ZooKeeperErrorCode.NoNode, results[1].Error);
        Assert.Equal(["c"], results[2].Children);
    }

    [Fact]
    public async Task Access_rights_are_stored_and_enforced()
    {
        await using var client = await live.ConnectAsync();
        await client.AuthenticateAsync(ZooKeeperAuthentication.Digest("ann", "secret"));
        await client.CreateAsync("/mine", null, acl: ZNodeAcl.CreatorOnly);
        await client.CreateAsync("/hers", null, acl: [ZNodeAcl.Digest(ZNodePermissions.All, "eve", "other")]);

        var access = await client.GetAclAsync("/mine");
        Assert.Equal([ZNodeAcl.Digest(ZNodePermissions.All, "ann", "secret")], access.Acl);
        Assert.Contains(await client.WhoAmIAsync(), identity => identity is { Scheme: "digest", User: "ann" });
        await client.SetAclAsync("/mine", ZNodeAcl.ReadableByAll, access.Stat.AclVersion);
        await Assert.ThrowsAsync<NoAuthException>(() => client.SetDataAsync("/mine", null).AsTask());
        await Assert.ThrowsAsync<NoAuthException>(() => client.GetDataAsync("/hers").AsTask());
    }

    [Fact]
    public async Task Sync_completes_for_a_path_that_does_not_exist() => await (await live.ConnectAsync()).SyncAsync("/none");

    [Fact]
    public async Task Pipelined_requests_are_executed_in_order()
    {
        await using var client = await live.ConnectAsync();
        await client.CreateAsync("/o", null);

        var writes = Enumerable.Range(1, 5000).Select(i => client.SetDataAsync("/o", BitConverter.GetBytes(i), i - 1).AsTask()).ToArray();
        await Task.WhenAll(writes);

        Assert.Equal(5000, (await client.GetDataAsync("/o")).Stat.Version);
    }
}
