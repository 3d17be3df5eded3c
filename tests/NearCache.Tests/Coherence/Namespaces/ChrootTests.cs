using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Diagnostics;
using NearCache.Tests.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Namespaces;

/// <summary>A missing chroot, as seen by a process that checks its namespace.</summary>
public sealed class ChrootTests(ITestOutputHelper output)
{
    private static readonly NamespacePaths Paths = new("shop");

    [Fact]
    public async Task A_missing_chroot_costs_no_transaction_and_one_line_that_names_it_until_somebody_creates_it()
    {
        await using var world = new EnsembleWorld(chroot: "/apps/shop");
        using var stopping = new CancellationTokenSource();
        var tree = Tree(world);
        var created = false;
        var work = EnsureAsync(tree, () => created = true, stopping.Token);
        await world.TurnAsync(TimeSpan.FromMinutes(10), work);

        output.WriteLine($"[FIGURE] a missing chroot, 10 minutes: {world.AskedAtAll} requests, "
            + $"{world.Asked("Create2") + world.Asked("Multi")} transactions");
        Assert.Equal(0, world.Asked("Create2") + world.Asked("Multi"));
        Assert.InRange(world.AskedAtAll, 5, 60);
        Assert.All(world.Log.Of(1402), line => Assert.Contains("RepairNamespace", line, StringComparison.Ordinal));
        Assert.InRange(world.Log.Of(1402).Length, 1, 2);
        Assert.Contains("/apps/shop", Assert.Single(world.Gate.Failing).Reason, StringComparison.Ordinal);
        Assert.False(created);

        world.Server.SetData("/apps/shop", null);
        await world.TurnAsync(TimeSpan.FromMinutes(6), work);
        Assert.True(created);
        Assert.Empty(world.Gate.Failing);
        await stopping.CancelAsync();
    }

    [Fact]
    public async Task One_that_is_deleted_is_created_again_where_that_is_allowed()
    {
        await using var world = new EnsembleWorld(chroot: "/shop", createsChroot: true);
        world.Gate.Members = 1;
        var tree = Tree(world);
        await EnsureAsync(tree, () => { }, CancellationToken.None);
        foreach (var path in world.Server.Paths().Where(path => path.StartsWith("/shop", StringComparison.Ordinal)).Reverse())
        {
            world.Server.Delete(path);
        }

        var work = EnsureAsync(tree, () => { }, CancellationToken.None);
        await world.TurnAsync(TimeSpan.FromSeconds(30), work);

        Assert.Contains("/shop/nearcache/shop/slots/07", world.Server.Paths());
    }

    private static NamespaceTree Tree(EnsembleWorld world) => new(
        world.Gate.Lane(
            EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited), Paths, ZNodeAcl.OpenToAll);

    // As at the start of a session.
    private static async Task EnsureAsync(NamespaceTree tree, Action done, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var look = await tree.ScanAsync(stopping);
                if (look.Missing.Count == 0)
                {
                    done();
                    return;
                }

                await tree.TryCreateAsync(look.Missing, "{}"u8.ToArray(), stopping);
            }
            catch (ZooKeeperException)
            {
                // The lane pauses.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
