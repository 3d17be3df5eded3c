using System.Text;
using System.Text.Json;
using NearCache.Coherence.Core;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Keeps this process's node among the members, and counts them.</summary>
/// <remarks>The node is made only after a session has lived for its timeout, so that a process that crashes at its start, again and again, leaves none behind.</remarks>
internal sealed class MemberDriver(EnsembleLane lane, NamespacePaths paths, CoherenceContext context, IReadOnlyList<ZNodeAcl> acl, TimeSpan sessionTimeout, string id, Func<string> placement, Action<int> counted)
{
    private ulong _said;

    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(30);

    // By then whoever started together with this process is a member too.
    private static readonly TimeSpan FirstCountAfter = TimeSpan.FromSeconds(2);

    /// <summary>Serves one session until it ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
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
            if (HashOf(placement()) != _said)
            {
                await TryAsync(DescribeAgainAsync, cancellationToken).ConfigureAwait(false);
            }

            await WaitAsync(CountEvery * (0.8 + (0.4 * Random.Shared.NextDouble())), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the node back: the session goes on with another cache of this process.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken) =>
        await lane.Urgent.TryDeleteAsync(paths.Member(id), cancellationToken).ConfigureAwait(false);

    private Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, context.Time, cancellationToken);

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

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        if (await lane.ExistsAsync(paths.Members, null, cancellationToken).ConfigureAwait(false) is { } stat)
        {
            counted(stat.ChildrenCount);
        }
    }

    // A node that exists was made by an earlier try of this session.
    private async Task JoinAsync(CancellationToken cancellationToken) =>
        await lane.TryCreateAsync(paths.Member(id), Describe(), ZNodeMode.Ephemeral, acl, cancellationToken).ConfigureAwait(false);

    // The list of servers was changed.
    private async Task DescribeAgainAsync(CancellationToken cancellationToken) =>
        await lane.TrySetDataAsync(paths.Member(id), Describe(), -1, cancellationToken).ConfigureAwait(false);

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
            writer.WriteString("version"u8, typeof(MemberDriver).Assembly.GetName().Version?.ToString());
            writer.WriteString("servers"u8, _said.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>The hash of what decides which server has a key: members that say another one place keys elsewhere.</summary>
    public static ulong HashOf(string placement) => KeyHash.Of(Encoding.UTF8.GetBytes(placement)).Value;
}
