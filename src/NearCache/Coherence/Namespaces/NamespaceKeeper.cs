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
/// Keeps the nodes of a namespace complete: checks them when a session begins, about once a minute, and after a node was found missing.
/// Creates missing nodes, and rewrites unreadable slots.
/// </summary>
/// <remarks>
/// The main type of the namespaces folder. One process of a fleet repairs what all see: each waits a random time, checks again, and then
/// creates, or writes by compare-and-set. A process that has just started creates a missing namespace without that wait.
/// </remarks>
/// <param name="tree">The nodes.</param>
/// <param name="lane">The lane of <paramref name="tree"/>.</param>
/// <param name="gate">Knows over which time a fleet spreads.</param>
/// <param name="paths">The paths of the nodes.</param>
/// <param name="clock">Measures how long the registry has been missing.</param>
/// <param name="time">The time provider of the waits.</param>
/// <param name="logger">The logger of repairs and problems.</param>
/// <param name="survey">Collects what is known of the rules outside of ZooKeeper.</param>
/// <param name="slots">The slots whose content cannot be read.</param>
/// <param name="damage">Set when a node is missing or a slot cannot be read. Requests a check, within the limits of the lane.</param>
/// <param name="rulesSeen">Called with the transaction that wrote the registry, in each check that finds it.</param>
internal sealed class NamespaceKeeper(
    NamespaceTree tree,
    EnsembleLane lane,
    EnsembleGateway gate,
    NamespacePaths paths,
    NearClock clock,
    TimeProvider time,
    ILogger logger,
    Func<CancellationToken, Task<RegistrySurvey>> survey,
    IUnreadableSlots slots,
    LoopSignal damage,
    Action<long> rulesSeen)
{
    private const int MaxLogged = 2000;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    // While there is a problem that other processes may solve, such as a server that is down.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private volatile NamespaceState _state = NamespaceState.Unknown;
    private long? _rulesAbsentSince;
    private string? _logged;
    private int _format;
    private bool _isStarting = true;

    /// <summary>Gets the state found by the last check.</summary>
    public NamespaceState State => _state;

    /// <summary>Keeps the namespace during one session.</summary>
    /// <param name="usable">Called after each check with whether this process may read and write the slots.</param>
    /// <param name="cancellationToken">Ends the session's work.</param>
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
                // The lane pauses after a failure, and the gateway has logged it.
                _state = new NamespaceState(NamespaceCondition.Unknown, $"the namespace cannot be checked: {e.Message}");
                continue;
            }

            var wait = (
                _state.Condition == NamespaceCondition.Whole ? CheckInterval : RetryInterval) * (0.8 + (0.4 * Random.Shared.NextDouble()));
            await damage.WaitAsync((long)wait.TotalMilliseconds, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<NamespaceState> KeepAsync(Action<bool> usable, CancellationToken cancellationToken)
    {
        var look = await ScanAsync(cancellationToken).ConfigureAwait(false);
        if (!_isStarting && (look.Missing.Count > 0 || slots.Unreadable.Count > 0))
        {
            await DelayRandomlyAsync(cancellationToken).ConfigureAwait(false);
            look = await ScanAsync(cancellationToken).ConfigureAwait(false);
        }

        if (look.Format > NamespaceTree.Format)
        {
            usable(false);
            _format = look.Format.Value;
            return look.Format == int.MaxValue
                ? new NamespaceState(
                    NamespaceCondition.Damaged,
                    $"{paths.Config} cannot be read, so the format of the slots is unknown: nothing is announced, and announcements are "
                        + "not read",
                    $"set {paths.Config} '{NamespaceTree.Config}'")
                : new NamespaceState(
                    NamespaceCondition.Newer,
                    $"{paths.Config} states format {look.Format}, and this process reads {NamespaceTree.Format}: it is not changed, and "
                        + "audits find the changes instead");
        }

        var repair = look.HasRules ? null : await DecideAsync(look, cancellationToken).ConfigureAwait(false);
        if (look.Missing.Count > 0 || repair?.Document is not null)
        {
            if (repair?.Document is not null && !_isStarting)
            {
                await DelayRandomlyAsync(cancellationToken).ConfigureAwait(false);
            }

            var isDone = await tree.TryCreateAsync(look.Missing, repair?.Document?.Write(), cancellationToken).ConfigureAwait(false);
            if (isDone && !_isStarting)
            {
                Repaired(string.Join(", ", repair?.Document is null ? look.Missing : [.. look.Missing, paths.Rules]));
            }

            look = await ScanAsync(cancellationToken).ConfigureAwait(false);
            if (look.Missing.Count > 0)
            {
                damage.Set();
                return new NamespaceState(NamespaceCondition.Repairing, $"{string.Join(", ", look.Missing)} is missing");
            }
        }

        _isStarting = false;
        usable(true);
        if (await RewriteSlotsAsync(cancellationToken).ConfigureAwait(false) is { } problem)
        {
            return problem;
        }

        return look.HasRules || repair is null ? NamespaceState.Whole : WithoutRules(repair);
    }

    private async Task<NamespaceScan> ScanAsync(CancellationToken cancellationToken)
    {
        var look = await tree.ScanAsync(cancellationToken).ConfigureAwait(false);
        _rulesAbsentSince = look.HasRules ? null : _rulesAbsentSince ?? clock.Monotonic();
        if (look.RulesTransaction is { } transaction)
        {
            rulesSeen(transaction);
        }

        return look;
    }

    private async Task<RegistryRepair> DecideAsync(NamespaceScan look, CancellationToken cancellationToken)
    {
        var known = await survey(cancellationToken).ConfigureAwait(false);
        var absentFor = TimeSpan.FromMilliseconds(clock.Monotonic() - _rulesAbsentSince!.Value);
        return RegistryRepair.Decide(known, absentFor, look.Missing.Contains(paths.Home), time.GetUtcNow());
    }

    // A ring in a newer format is garbage as long as config does not state that format, since config is raised before such a ring is
    // written. Reads of one session see the changes in order.
    private async Task<NamespaceState?> RewriteSlotsAsync(CancellationToken cancellationToken)
    {
        var garbage = new List<MultiOperation>();
        foreach (var slot in slots.Unreadable)
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
                slots.Reread(slot);
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

        // Another process was first, or config was changed: checked again.
        damage.Set();
        return new NamespaceState(NamespaceCondition.Repairing, $"{string.Join(", ", garbage.Select(slot => slot.Path))} cannot be read");
    }

    private NamespaceState WithoutRules(RegistryRepair repair)
    {
        var problem = $"the registry of the rules ({paths.Rules}) is missing: {repair.Problem ?? "it is being created"}";
        return repair.Document is not null || clock.Monotonic() - _rulesAbsentSince < (long)RegistryRepair.MinAbsence.TotalMilliseconds
            ? new NamespaceState(NamespaceCondition.Repairing, problem, CommandFor(repair))
            : new NamespaceState(NamespaceCondition.Damaged, problem, CommandFor(repair));
    }

    private string CommandFor(RegistryRepair repair) => repair.Best is { } best
        ? $"create {paths.Rules} '{RegistryRepair.ContentOf(best)}'"
        : $"create {paths.Rules} '{RegistryRepair.ContentOf(RuleSet.Create(1, [], []))}'";

    private Task DelayRandomlyAsync(CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(gate.FleetSpread * Random.Shared.NextDouble()), time, cancellationToken);

    private void Repaired(string what)
    {
        if (gate.MayLog())
        {
            logger.NamespaceRepaired(what);
        }
    }

    // Each problem is logged once, and again after it was solved.
    private void Became(NamespaceState state)
    {
        _state = state;
        if (state.Problem is null)
        {
            _logged = null;
        }
        else if (state.Condition is NamespaceCondition.Damaged or NamespaceCondition.Newer && state.Problem != _logged && gate.MayLog())
        {
            _logged = state.Problem;
            if (state.Condition == NamespaceCondition.Newer)
            {
                logger.NewerFormat(paths.Config, _format);
            }
            else
            {
                logger.NamespaceDamaged(
                    state.Problem, state.Command is { Length: <= MaxLogged } command ? command : "see the health data");
            }
        }
    }
}
