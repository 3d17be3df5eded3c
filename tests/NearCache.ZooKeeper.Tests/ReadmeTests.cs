using System.Text;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests;

/// <summary>The code of the package's README, as a user runs it.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_first_lines_create_watch_and_change_a_node()
    {
        await using var fake = FakeZooKeeper.Start();
        var servers = fake.ConnectionString;

        await using var client = new ZooKeeperClient(servers);   // connects in the background

        await client.CreateWithParentsAsync("/shop/banner", "Sale"u8.ToArray());
        var changed = new TaskCompletionSource<WatchEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var banner = await client.GetDataAsync("/shop/banner", changed.SetResult);   // the watch is called once

        await client.SetDataAsync("/shop/banner", "Last day"u8.ToArray(), banner.Stat.Version);   // BadVersionException if it has changed
        Console.WriteLine((await changed.Task).Type);   // DataChanged

        Assert.Equal("Sale", Encoding.UTF8.GetString(banner.Data.Span));
        Assert.Equal(WatchEventType.DataChanged, (await changed.Task).Type);
    }
}
