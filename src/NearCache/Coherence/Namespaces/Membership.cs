using System.Text;
using System.Text.Json;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>Keeps this process's node among the members, and counts them.</summary>
/// <remarks>
/// The node is made only after a session has lived for its timeout, so that a process that crashes at its start, again and again, leaves
/// none behind.
/// </remarks>
internal sealed class Membership(
    EnsembleGateway gate, NamespacePaths paths, CoherenceContext context, IReadOnlyList<ZNodeAcl> acl, TimeSpan sessionTimeout, string id, Func<string> placement, MemberEstimate count, Action<int> counted)
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(30);

    // By then whoever started together with this process is a member too.
    private static readonly TimeSpan FirstCountAfter = TimeSpan.FromSeconds(2);

    private readonly EnsembleLane _lane = gate.Lane(EnsembleRequest.CountMembers, EnsembleRequest.KeepMember, EnsemblePacing.RateLimited);
    private ulong _said;

    /// <summary>Whether this process's node was there when it was looked for last.</summary>
    public bool IsMember { get; private set; }

    /// <summary>Serves one session until it ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IsMember = false;
        await WaitAsync(sessionTimeout + TimeSpan.FromSeconds(Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        while (!await TryAsync(JoinAsync, cancellationToken).ConfigureAwait(false))
        {
            // The lane pauses after a failure.
        }

        // Counting earlier would miss all that started together, each of which would take the budget of the whole fleet for its own.
        await WaitAsync(FirstCountAfter, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            await TryAsync(CountAsync, cancellationToken).ConfigureAwait(false);
            await TryAsync(StayAsync, cancellationToken).ConfigureAwait(false);
            await WaitAsync(CountEvery * (0.8 + (0.4 * Random.Shared.NextDouble())), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the node back: the session goes on with another cache of this process.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken) =>
        await _lane.Urgent.TryDeleteAsync(paths.Member(id), cancellationToken).ConfigureAwait(false);

    /// <summary>The hash of what decides which server has a key: members that say another one place keys elsewhere.</summary>
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

    private Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, context.Time, cancellationToken);

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        if (await _lane.ExistsAsync(paths.Members, null, cancellationToken).ConfigureAwait(false) is { } stat)
        {
            counted(count.Counted(stat.ChildrenCount, context.Clock.Monotonic()));
        }
    }

    // A node of an earlier session of this process goes with that session; the next look finds none then.
    private async Task StayAsync(CancellationToken cancellationToken)
    {
        IsMember = await _lane.ExistsAsync(paths.Member(id), null, cancellationToken).ConfigureAwait(false) is { } stat;
        if (IsMember)
        {
            if (HashOf(placement()) != _said)
            {
                // The list of servers was changed.
                await _lane.TrySetDataAsync(paths.Member(id), Describe(), -1, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        // What removed it may have removed all: the fleet joins again one after the other.
        await WaitAsync(TimeSpan.FromMilliseconds(gate.FleetSpread * Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        await JoinAsync(cancellationToken).ConfigureAwait(false);
    }

    // A node that exists was made by an earlier try of this session.
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await _lane.TryCreateAsync(paths.Member(id), Describe(), ZNodeMode.Ephemeral, acl, cancellationToken).ConfigureAwait(false);
        IsMember = true;
    }

    private byte[] Describe()
    {
        _said = HashOf(placement());
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, 1);
            writer.WriteString("host"u8, Environment.MachineName);
            writer.WriteNumber("process"u8, Environment.ProcessId);
            writer.WriteString("version"u8, typeof(Membership).Assembly.GetName().Version?.ToString());
            writer.WriteString("servers"u8, _said.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
