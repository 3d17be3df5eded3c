using System.Text;
using System.Text.Json;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>Keeps the node of this process among the members, and counts the members.</summary>
/// <remarks>
/// The node is created only after a session has lived for its timeout, so that a process that crashes again and again at its start leaves
/// no nodes.
/// </remarks>
internal sealed class Membership(
    EnsembleGateway gate,
    NamespacePaths paths,
    CoherenceContext context,
    IReadOnlyList<ZNodeAcl> acl,
    TimeSpan sessionTimeout,
    string id,
    ServerDirectory servers,
    MemberEstimate count,
    Action<MemberEstimate> counted,
    int speed = 1)
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(30);

    // By then, processes that were started together are members, too.
    private static readonly TimeSpan FirstCountAfter = TimeSpan.FromSeconds(2);

    private readonly EnsembleLane _lane = gate.Lane(EnsembleRequest.CountMembers, EnsembleRequest.KeepMember, EnsemblePacing.RateLimited);
    private ulong _storedPlacement;

    /// <summary>Gets whether the node of this process existed at the last check.</summary>
    public bool IsMember { get; private set; }

    /// <summary>Keeps the member during one session.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IsMember = false;
        await WaitAsync(sessionTimeout + TimeSpan.FromSeconds(Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        while (!await TryAsync(JoinAsync, cancellationToken).ConfigureAwait(false))
        {
            // The lane pauses after a failure.
        }

        // An earlier count would miss processes that were started together, and each would take the budget of the whole fleet.
        await WaitAsync(FirstCountAfter, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            await TryAsync(CountAsync, cancellationToken).ConfigureAwait(false);
            await TryAsync(KeepJoinedAsync, cancellationToken).ConfigureAwait(false);
            await WaitAsync(CountEvery * (0.8 + (0.4 * Random.Shared.NextDouble())), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the node, because the session continues with another cache of this process.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken) =>
        await _lane.Urgent.TryDeleteAsync(paths.Member(id), cancellationToken).ConfigureAwait(false);

    /// <summary>Returns the hash of the placement. Members with another hash place keys on other servers.</summary>
    public static ulong HashOf(string placement) => KeyHash.Of(Encoding.UTF8.GetBytes(placement)).Value;

    private static async Task<bool> TryAsync(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ZooKeeperException)
        {
            return false;
        }
    }

    private Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        Task.Delay(delay / speed, context.Time, cancellationToken);

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        if (await _lane.ExistsAsync(paths.Members, null, cancellationToken).ConfigureAwait(false) is { } stat)
        {
            count.Counted(stat.ChildrenCount, context.Clock.Monotonic());
            counted(count);
        }
    }

    // A node of an earlier session ends with that session, and the next check finds none.
    private async Task KeepJoinedAsync(CancellationToken cancellationToken)
    {
        IsMember = await _lane.ExistsAsync(paths.Member(id), null, cancellationToken).ConfigureAwait(false) is { } stat;
        if (IsMember)
        {
            if (PlacementHash() != _storedPlacement)
            {
                // The list of servers has changed.
                await _lane.TrySetDataAsync(paths.Member(id), Describe(), -1, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        // The cause may have removed all members, so that the fleet joins again, one process after another.
        await WaitAsync(TimeSpan.FromMilliseconds(gate.FleetSpread * Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        await JoinAsync(cancellationToken).ConfigureAwait(false);
    }

    // If the node exists, an earlier try of this session created it.
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await _lane.TryCreateAsync(paths.Member(id), Describe(), ZNodeMode.Ephemeral, acl, cancellationToken).ConfigureAwait(false);
        IsMember = true;
    }

    // What decides the place of a key: the placement of the servers and the prefix.
    private ulong PlacementHash() => HashOf(context.Prefix.Describe(servers.Placement));

    private byte[] Describe()
    {
        _storedPlacement = PlacementHash();
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, 1);
            writer.WriteString("host"u8, Environment.MachineName);
            writer.WriteNumber("process"u8, Environment.ProcessId);
            writer.WriteString("version"u8, typeof(Membership).Assembly.GetName().Version?.ToString());
            writer.WriteString("servers"u8, _storedPlacement.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
