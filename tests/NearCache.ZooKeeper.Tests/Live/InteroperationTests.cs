using System.Text;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>The client and the Java client of the distribution on the same server.</summary>
public sealed class InteroperationTests(LiveServer live)
{
    [Fact]
    public async Task What_one_writes_the_other_reads()
    {
        await using var client = await live.ConnectAsync();
        await using var shell = ZkCliProcess.Start(live.ConnectionStringOf(client));
        await client.CreateAsync("/net", Encoding.UTF8.GetBytes("from .NET, größer"), acl: [
            ZNodeAcl.World(ZNodePermissions.Read | ZNodePermissions.Admin), ZNodeAcl.Digest(ZNodePermissions.All, "ann", "secret"),
        ]);

        Assert.Contains("from .NET, größer", await shell.SendAsync("get /net", "größer"), StringComparison.Ordinal);
        var rights = await shell.SendAsync("getAcl /net", "cdrwa");
        Assert.Contains("'world,'anyone\n: ra", rights, StringComparison.Ordinal);
        Assert.Contains($"'digest,'{ZNodeAcl.Digest(ZNodePermissions.All, "ann", "secret").Id}\n: cdrwa", rights, StringComparison.Ordinal);

        await shell.SendAsync("create /java from-java", "Created /java");
        await shell.SendAsync("create -e -s /java/e-", "Created /java/e-0000000000");
        await shell.SendAsync("setAcl /java world:anyone:ra,digest:bob:abc=:cdrwa", "");
        Assert.Equal("from-java", Encoding.UTF8.GetString((await client.GetDataAsync("/java")).Data.Span));
        Assert.NotEqual(0, (await client.ExistsAsync("/java/e-0000000000"))!.Value.EphemeralOwner);
        await TestSupport.Eventually.BecomesTrueAsync(
            async () => (await client.GetAclAsync("/java")).Stat.AclVersion == 1, "the rights have changed");
        Assert.Equal(
            [
                ZNodeAcl.World(ZNodePermissions.Read | ZNodePermissions.Admin),
                new ZNodeAcl { Permissions = ZNodePermissions.All, Scheme = "digest", Id = "bob:abc=" },
            ],
            (await client.GetAclAsync("/java")).Acl);
    }

    [Fact]
    public async Task Watches_of_one_fire_for_changes_of_the_other()
    {
        await using var client = await live.ConnectAsync();
        await using var shell = ZkCliProcess.Start(live.ConnectionStringOf(client));
        var told = new TaskCompletionSource<WatchEvent>();
        await client.CreateAsync("/a", "1"u8.ToArray());
        await client.GetDataAsync("/a", told.SetResult);

        await shell.SendAsync("get -w /a", "1");
        await shell.SendAsync("addWatch -m PERSISTENT_RECURSIVE /b", "");
        await shell.SendAsync("set /a 2", "type:NodeDataChanged path:/a");
        Assert.Equal(
            new WatchEvent { Type = WatchEventType.DataChanged, Path = "/a" }, await told.Task.WaitAsync(TimeSpan.FromMinutes(3)));

        await client.CreateAsync("/b", null);
        await shell.WaitForOutputAsync("type:NodeCreated path:/b");
        await client.CreateAsync("/b/c", null);
        await shell.WaitForOutputAsync("type:NodeCreated path:/b/c");
    }
}
