using System.Globalization;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>
/// The order of notifications and replies that ZooKeeper guarantees, as the caller sees it. NEARCACHE_ROUNDS sets the number of rounds
/// (3,000).
/// </summary>
public sealed class WatchOrderTests(LiveServer live)
{
    [Fact]
    public async Task A_caller_that_reads_a_change_of_another_client_has_been_notified_of_it()
    {
        await using var client = await live.ConnectAsync(TestClients.WaitForHandlers);
        await using var writer = new ZooKeeperClient(live.ConnectionStringOf(client));
        await client.CreateAsync("/a", BitConverter.GetBytes(0));
        await client.CreateAsync("/b", null);
        var rounds = int.Parse(Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS") ?? "3000", CultureInfo.InvariantCulture);
        var (late, reads) = (0, 0);

        for (var round = 1; round <= rounds; round++)
        {
            // Two watches, and readers that see the change at once or by a later change.
            var (data, child) = (0, 0);
            await client.GetDataAsync("/a", _ => Volatile.Write(ref data, 1));
            await client.ExistsAsync($"/b/{round}", _ => Volatile.Write(ref child, 1));
            var first = writer.SetDataAsync("/a", BitConverter.GetBytes(round)).AsTask();
            var second = writer.CreateAsync($"/b/{round}", null, ZNodeMode.Ephemeral).AsTask();
            async Task<int> ReadAsync()
            {
                for (; ; reads++)
                {
                    if (await client.ExistsAsync($"/b/{round}") is not null)
                    {
                        return Volatile.Read(ref data) + Volatile.Read(ref child);
                    }
                }
            }

            late += (await Task.WhenAll(ReadAsync(), ReadAsync())).Count(told => told != 2);
            Assert.Equal(round, BitConverter.ToInt32((await client.GetDataAsync("/a")).Data.Span));
            await Task.WhenAll(first, second);
            await writer.DeleteAsync($"/b/{round}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"[FIGURE] order: {rounds} rounds, {reads} reads that were too early, {late} late notifications");
        Assert.Equal(0, late);
    }
}
