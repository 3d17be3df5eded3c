using System.Globalization;
using System.Text;
using NearCache.Coherence.Namespaces;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>
/// Performs random operations on the tree and the servers of a fleet, and finally the repairs that need an administrator. All times are
/// by the fleet's clocks.
/// </summary>
internal sealed class ChaosOperations(ChaosEnvironment world, ChaosFleet fleet, Random random)
{
    // A process without a reply for this long must not be Healthy.
    private static readonly TimeSpan NoReply = TimeSpan.FromSeconds(90);

    // Writes never stop, so every process tries to announce within this time.
    private static readonly TimeSpan Refusal = TimeSpan.FromSeconds(30);

    // A persistent node below members, which no process removes.
    private const string Stranger = ChaosEnvironment.Home + "/members/x";

    private static readonly string[] Slots = [.. Enumerable.Range(0, 8)
        .Select(slot => string.Create(CultureInfo.InvariantCulture, $"{ChaosEnvironment.Home}/slots/{slot:00}"))];

    private static readonly string[] Nodes =
    [
        ChaosEnvironment.Chroot, ChaosEnvironment.Chroot + "/nearcache", ChaosEnvironment.Home, ChaosEnvironment.Home
            + "/config", ChaosEnvironment.Home + "/rules", ChaosEnvironment.Home + "/members", ChaosEnvironment.Home + "/slots", .. Slots,
    ];

    private static readonly string[] Formats =
        ["garbage", "{\"format\":9,\"slots\":8}", "{\"format\":1,\"slots\":8}", "{}", "\u0002\u0000", "gggggggggggggggggggg",
            "{\"format\":7,\"revision\":4000000000}", "", "\u0001\u00ff\u00ff"];

    private string? _path;

    /// <summary>The operations, in order.</summary>
    public List<string> Story { get; } = [];

    /// <summary>The number of each operation.</summary>
    public SortedDictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>Performs one operation.</summary>
    public async Task ActAsync()
    {
        var what = random.Next(24) switch
        {
            < 3 => await DeleteNodeAsync(),
            < 6 => await DeleteSubtreeAsync(),
            < 8 => await WriteAsync(PickNode(Nodes)),
            < 10 => await WriteAllSlotsAsync(),
            < 12 => await ProtectNodeAsync(),
            < 14 => await RefuseAnnouncementsAsync(),
            < 15 => await RefuseReadingAsync(),
            < 17 => await QuotaAsync(),
            17 => await DeleteMembersAsync(),
            18 => await ReplaceAsync(byCopy: false),
            19 => await ReplaceAsync(byCopy: true),
            20 => await RemoveAsync("remove the chroot", ChaosEnvironment.Chroot),
            21 => await HalfATreeAsync(),
            22 => await LoseQuorumAsync(),
            _ => await RestartOneAsync(),
        };
        Done[what] = Done.GetValueOrDefault(what) + 1;
        Story.Add(_path is null ? what : $"{what} {_path}");
        _path = null;
    }

    /// <summary>Pauses before the next operation.</summary>
    public Task RestAsync() => DelayAsync(TimeSpan.FromSeconds(random.Next(2, 12)));

    /// <summary>
    /// Performs the administrator's repairs: servers run, access rights and quotas are restored, and nodes that no process may overwrite
    /// are removed.
    /// </summary>
    public async Task RestoreAsync()
    {
        fleet.MustNotBeHealthy = null;
        await world.Ensemble.StartAllAsync();
        foreach (var quota in await world.TreeAsync("/zookeeper/quota" + ChaosEnvironment.Chroot))
        {
            await world.TryAsync(client => client.DeleteAsync(quota + "/zookeeper_limits").AsTask());
        }

        await world.TryAsync(client => client.DeleteAsync(Stranger).AsTask());
        foreach (var node in await world.TreeAsync(ChaosEnvironment.Chroot))
        {
            await OpenAsync(node);
        }

        ReadOnlyMemory<byte> config = default, rules = default;
        if (await world.TryAsync(async client =>
            config = (await client.GetDataAsync(ChaosEnvironment.Home + "/config")).Data, changes: false)
            && NamespaceTree.ReadFormat(config) != NamespaceTree.Format)
        {
            await world.TryAsync(client => client.DeleteAsync(ChaosEnvironment.Home + "/config").AsTask());
        }

        if (await world.TryAsync(async client => rules = (await client.GetDataAsync(ChaosEnvironment.Home + "/rules")).Data, changes: false)
            && !NearCache.Rules.RegistryDocument.TryRead(rules, out _, out _))
        {
            await world.TryAsync(client => client.DeleteAsync(ChaosEnvironment.Home + "/rules").AsTask());
        }
    }

    private async Task<string> DeleteNodeAsync()
    {
        var node = PickNode(Nodes[3..]);
        await world.TryAsync(client => client.DeleteAsync(node).AsTask());
        return "delete a node";
    }

    private Task<string> DeleteSubtreeAsync() => RemoveAsync("delete a subtree", PickNode(Nodes[1..]));

    private async Task<string> RemoveAsync(string what, string path)
    {
        await world.DeleteAllAsync(path);
        return what;
    }

    private async Task<string> DeleteMembersAsync()
    {
        foreach (var member in (await world.TreeAsync(ChaosEnvironment.Home + "/members")).Skip(1))
        {
            await world.TryAsync(client => client.DeleteAsync(member).AsTask());
        }

        return "delete the members";
    }

    private async Task<string> WriteAsync(string path)
    {
        await world.TryAsync(client => client.SetDataAsync(path, Encoding.Latin1.GetBytes(Pick(Formats))).AsTask());
        return "write garbage";
    }

    private async Task<string> WriteAllSlotsAsync()
    {
        foreach (var slot in Slots)
        {
            await WriteAsync(slot);
        }

        return "write garbage into all slots";
    }

    private async Task<string> ProtectNodeAsync()
    {
        await ProtectAsync(PickNode(Nodes), random.Next(2) == 0 ? ZNodePermissions.Read : ZNodePermissions.Admin);
        return "protect a node until the end";
    }

    private async Task<string> RefuseAnnouncementsAsync()
    {
        var isWhole = true;
        foreach (var slot in Slots)
        {
            isWhole &= await ProtectAsync(slot, ZNodePermissions.Read);
        }

        await DelayAsync(Refusal);
        fleet.MustNotBeHealthy = isWhole ? $"announcements refused ({Done.Count} kinds of things done)" : null;
        await DelayAsync(TimeSpan.FromSeconds(random.Next(5, 60)));
        fleet.MustNotBeHealthy = null;
        foreach (var slot in Slots)
        {
            await OpenAsync(slot);
        }

        return "refuse announcements";
    }

    private async Task<string> RefuseReadingAsync()
    {
        foreach (var slot in Slots)
        {
            await ProtectAsync(slot, ZNodePermissions.Write);
        }

        await DelayAsync(TimeSpan.FromSeconds(random.Next(10, 90)));
        foreach (var slot in Slots)
        {
            await OpenAsync(slot);
        }

        return "refuse reading";
    }

    private async Task<string> QuotaAsync()
    {
        var quota = "/zookeeper/quota" + ChaosEnvironment.Home;
        await world.TryAsync(
            client => client.CreateWithParentsAsync(
                quota + "/zookeeper_limits", Encoding.ASCII.GetBytes("count=-1,bytes=-1=;byteHardLimit=1;countHardLimit=3")).AsTask());
        await world.TryAsync(client => client.CreateAsync(quota + "/zookeeper_stats", "count=0,bytes=0"u8.ToArray()).AsTask());
        await DelayAsync(TimeSpan.FromSeconds(random.Next(10, 60)));
        if (random.Next(2) == 0)
        {
            await world.TryAsync(client => client.DeleteAsync(quota + "/zookeeper_limits").AsTask());
        }

        return "set a quota";
    }

    private async Task<string> ReplaceAsync(bool byCopy)
    {
        await world.ReplaceAsync(byCopy);
        return byCopy ? "restore an older copy" : "wipe and restart empty";
    }

    private async Task<string> HalfATreeAsync()
    {
        var node = PickNode([ChaosEnvironment.Home + "/rules", ChaosEnvironment.Home + "/slots/03", Stranger]);
        await world.DeleteAllAsync(ChaosEnvironment.Home);
        await world.TryAsync(client => client.CreateWithParentsAsync(node, null).AsTask());
        return "leave half a tree";
    }

    private async Task<string> LoseQuorumAsync()
    {
        var away = world.Ensemble.Servers.OrderBy(_ => random.Next()).Take(2).ToArray();
        await world.KillAsync(away);
        await DelayAsync(NoReply);
        fleet.MustNotBeHealthy = $"no reply for 90 s ({Done.Count} kinds of things done)";
        await DelayAsync(TimeSpan.FromSeconds(random.Next(10, 90)));
        fleet.MustNotBeHealthy = null;
        await world.Ensemble.StartAllAsync();
        return "lose the quorum";
    }

    private async Task<string> RestartOneAsync()
    {
        var server = Pick([.. world.Ensemble.Servers]);
        await world.KillAsync(server);
        await DelayAsync(TimeSpan.FromSeconds(random.Next(1, 20)));
        await world.Ensemble.StartAllAsync();
        return "restart a server";
    }

    private Task<bool> ProtectAsync(string path, ZNodePermissions permissions) =>
        world.TryAsync(client => client.SetAclAsync(path, [ZNodeAcl.World(permissions)]).AsTask());

    private Task<bool> OpenAsync(string path) => world.TryAsync(client => client.SetAclAsync(path, ZNodeAcl.OpenToAll).AsTask());

    private Task DelayAsync(TimeSpan time) => Task.Delay(time, fleet.Time);

    private string PickNode(string[] from) => _path = Pick(from);

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
