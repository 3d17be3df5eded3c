using Microsoft.Extensions.Logging;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.Slots.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Near;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// Keeps a namespace's nodes whole: looks when a session begins, about once a minute, and when something was found missing; creates what is
/// missing, and rewrites slots that cannot be read.
/// </summary>
/// <remarks>
/// What a fleet finds wrong at once is repaired by one process: each waits a random time, looks again, and then creates, or writes by
/// compare-and-set. A process that has just started creates a missing namespace without that wait.
/// </remarks>
/// <param name="tree">The nodes.</param>
/// <param name="lane">The lane of <paramref name="tree"/>.</param>
/// <param name="gate">Says over how long a fleet spreads.</param>
/// <param name="paths">Where the nodes are.</param>
/// <param name="clock">Says how long the registry has been absent.</param>
/// <param name="time">What waits go by.</param>
/// <param name="logger">Where repairs and problems are logged.</param>
/// <param name="survey">Asks what is known of the rules outside of ZooKeeper.</param>
/// <param name="unreadableSlots">The slots whose content cannot be read.</param>
internal sealed class NamespaceKeeper(
    NamespaceTree tree,
    EnsembleLane lane,
    EnsembleGateway gate,
    NamespacePaths paths,
    NearClock clock,
    TimeProvider time,
    ILogger logger,
    Func<CancellationToken, Task<RegistrySurvey>> survey,
    Func<IReadOnlyList<int>> unreadableSlots)
{
    private const int MostLogged = 2000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    // While something is wrong that others may mend, such as a server that is away.
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    private readonly LoopSignal _wake = new(time);
    private volatile NamespaceState _state = NamespaceState.Unknown;
    private long? _rulesAbsentSince;
    private string? _said;
    private int _format;
    private bool _isStarting = true;

    /// <summary>What was seen last.</summary>
    public NamespaceState State => _state;

    /// <summary>Told after each look which transaction wrote the registry of the rules.</summary>
    public Action<long> RulesSeen { get; set; } = _ => { };

    /// <summary>Told of a slot that can be read again, though no watch has said so.</summary>
    public Action<int> SlotIsReadable { get; set; } = _ => { };

    /// <summary>A node was found missing, or a slot that cannot be read: it is looked after at once, as far as the lane allows.</summary>
    public void Damaged() => _wake.Set();

    /// <summary>Serves one session until it ends.</summary>
    /// <param name="usable">Told after each look whether the slots may be read and written by this process.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action<bool> usable, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                Became(await KeepAsync(usable, cancellationToken).ConfigureAwait(false));
            }
            catch (ZooKeeperException e)
            {
                // The lane pauses after a failure, and the gate has logged it.
                _state = new NamespaceState(NamespaceCondition.Unknown, $"the namespace cannot be checked: {e.Message}");
                continue;
            }

            var wait = (
                _state.Condition == NamespaceCondition.Whole ? LookEvery : LookAgainAfter) * (0.8 + (0.4 * Random.Shared.NextDouble()));
            await _wake.WaitAsync((long)wait.TotalMilliseconds, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<NamespaceState> KeepAsync(Action<bool> usable, CancellationToken cancellationToken)
    {
        var look = await LookAsync(cancellationToken).ConfigureAwait(false);
        if (!_isStarting && (look.Missing.Count > 0 || unreadableSlots().Count > 0))
        {
            await SpreadAsync(cancellationToken).ConfigureAwait(false);
            look = await LookAsync(cancellationToken).ConfigureAwait(false);
        }

        if (look.Format > NamespaceTree.Format)
        {
            usable(false);
            _format = look.Format.Value;
            return look.Format == int.MaxValue
                ? new NamespaceState(
                    NamespaceCondition.Damaged,
                    $"{paths.Config} cannot be read, so nobody knows in which format the slots are: nothing is announced or heard",
                    $"set {paths.Config} '{NamespaceTree.Config}'")
                : new NamespaceState(
                    NamespaceCondition.Newer,
                    $"{paths.Config} states format {look.Format}, and this process reads {NamespaceTree.Format}: it is left alone, and the audits do its work");
        }

        var repair = look.HasRules ? null : await DecideAsync(look, cancellationToken).ConfigureAwait(false);
        if (look.Missing.Count > 0 || repair?.Document is not null)
        {
            if (repair?.Document is not null && !_isStarting)
            {
                await SpreadAsync(cancellationToken).ConfigureAwait(false);
            }

            var isDone = await tree.TryCreateAsync(look.Missing, repair?.Document?.Write(), cancellationToken).ConfigureAwait(false);
            if (isDone && !_isStarting)
            {
                Repaired(string.Join(", ", repair?.Document is null ? look.Missing : [.. look.Missing, paths.Rules]));
            }

            look = await LookAsync(cancellationToken).ConfigureAwait(false);
            if (look.Missing.Count > 0)
            {
                _wake.Set();
                return new NamespaceState(NamespaceCondition.Repairing, $"{string.Join(", ", look.Missing)} is missing");
            }
        }

        _isStarting = false;
        usable(true);
        if (await RewriteSlotsAsync(cancellationToken).ConfigureAwait(false) is { } slots)
        {
            return slots;
        }

        return look.HasRules || repair is null ? NamespaceState.Whole : WithoutRules(repair);
    }

    private async Task<NamespaceScan> LookAsync(CancellationToken cancellationToken)
    {
        var look = await tree.LookAsync(cancellationToken).ConfigureAwait(false);
        _rulesAbsentSince = look.HasRules ? null : _rulesAbsentSince ?? clock.Monotonic();
        if (look.RulesTransaction is { } transaction)
        {
            RulesSeen(transaction);
        }

        return look;
    }

    private async Task<RegistryRepair> DecideAsync(NamespaceScan look, CancellationToken cancellationToken)
    {
        var known = await survey(cancellationToken).ConfigureAwait(false);
        var absentFor = TimeSpan.FromMilliseconds(clock.Monotonic() - _rulesAbsentSince!.Value);
        return RegistryRepair.Decide(known, absentFor, look.Missing.Contains(paths.Home), time.GetUtcNow());
    }

    // A ring in a newer format is garbage as long as config does not state that format: it is raised before any such ring is written. Reads
    // of one session see the tree in order.
    private async Task<NamespaceState?> RewriteSlotsAsync(CancellationToken cancellationToken)
    {
        var garbage = new List<MultiOperation>();
        foreach (var slot in unreadableSlots())
        {
            if (await lane.TryGetDataAsync(paths.Slot(slot), null, cancellationToken).ConfigureAwait(false) is not { } data)
            {
                continue;
            }

            if (!SlotRing.TryDecode(data.Data.Span, out var ring) || ring.IsNewer)
            {
                garbage.Add(MultiOperation.SetData(paths.Slot(slot), SlotRing.Fresh(Random.Shared).Encode(), data.Stat.Version));
            }
            else
            {
                SlotIsReadable(slot);
            }
        }

        if (garbage.Count == 0)
        {
            return null;
        }

        var config = await lane.TryGetDataAsync(paths.Config, null, cancellationToken).ConfigureAwait(false);
        if (config is { } found
            && NamespaceTree.ReadFormat(found.Data) == NamespaceTree.Format
            && await lane.TryChangeAllAsync(garbage, cancellationToken).ConfigureAwait(false))
        {
            Repaired(string.Join(", ", garbage.Select(slot => slot.Path)));
            return null;
        }

        // Another process was first, or config was changed: it is looked at again.
        _wake.Set();
        return new NamespaceState(NamespaceCondition.Repairing, $"{string.Join(", ", garbage.Select(slot => slot.Path))} cannot be read");
    }

    private NamespaceState WithoutRules(RegistryRepair repair)
    {
        var problem = $"the registry of the rules ({paths.Rules}) is missing: {repair.Problem ?? "it is being created"}";
        return repair.Document is not null || clock.Monotonic() - _rulesAbsentSince < (long)RegistryRepair.Patience.TotalMilliseconds
            ? new NamespaceState(NamespaceCondition.Repairing, problem, CommandFor(repair))
            : new NamespaceState(NamespaceCondition.Damaged, problem, CommandFor(repair));
    }

    private string CommandFor(RegistryRepair repair) => repair.Best is { } best
        ? $"create {paths.Rules} '{RegistryRepair.ContentOf(best)}'"
        : $"create {paths.Rules} '{RegistryRepair.ContentOf(RuleSet.Create(1, [], []))}'";

    private Task SpreadAsync(CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(gate.FleetSpread * Random.Shared.NextDouble()), time, cancellationToken);

    private void Repaired(string what)
    {
        if (gate.MayLog())
        {
            logger.NamespaceRepaired(what);
        }
    }

    // Each problem is logged once, and again after it was over.
    private void Became(NamespaceState state)
    {
        _state = state;
        if (state.Problem is null)
        {
            _said = null;
        }
        else if (state.Condition is NamespaceCondition.Damaged or NamespaceCondition.Newer && state.Problem != _said && gate.MayLog())
        {
            _said = state.Problem;
            if (state.Condition == NamespaceCondition.Newer)
            {
                logger.NewerFormat(paths.Config, _format);
            }
            else
            {
                logger.NamespaceDamaged(
                    state.Problem, state.Command is { Length: <= MostLogged } command ? command : "see the health data");
            }
        }
    }
}
