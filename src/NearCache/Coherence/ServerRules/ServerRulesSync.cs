using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// Keeps the rules item of one server in step with the rules in force: reads and writes it as the leases decide. The main type of this
/// folder.
/// </summary>
internal sealed class ServerRulesSync : IServerRules
{
    private readonly Lock _lock = new();   // guards the leases
    private readonly CoherentServer _server;
    private readonly RulesCoordinator _rules;
    private readonly CoherenceContext _context;
    private readonly RuleLeases _leases;
    private readonly LoopSignal _wake;
    private readonly BackgroundLoop _loop;

    public ServerRulesSync(
        CoherentServer server, RulesCoordinator rules, CoherenceContext context, RuleLeaseTimes times, LeasedRuleSet applied)
    {
        _server = server;
        _rules = rules;
        _context = context;
        _wake = new LoopSignal(context.Time);
        _loop = new BackgroundLoop(context.Logger, $"rules on {server.Server.Name}");
        _leases = new RuleLeases(times, applied, new Random());
    }

    /// <summary>Gets the name of the server.</summary>
    public string Name => _server.Server.Name;

    /// <summary>Gets the present view. Thread-safe.</summary>
    public RulesView View => _leases.View;

    public void Start() => _loop.Start(NextAsync);

    /// <summary>Puts a set in force.</summary>
    public void Apply(LeasedRuleSet set)
    {
        lock (_lock)
        {
            _leases.Apply(set, _context.Clock.Now());
        }

        _wake.Set();
    }

    /// <summary>Records that the stops have changed.</summary>
    public void StopsChanged(bool isUrgent)
    {
        lock (_lock)
        {
            _leases.StopsChanged(_context.Clock.Now(), isUrgent);
        }

        _wake.Set();
    }

    /// <summary>Sets whether every write is counted, whatever the server carries.</summary>
    public void BumpEverything(bool value)
    {
        lock (_lock)
        {
            _leases.BumpsEverything = value;
        }
    }

    /// <summary>Applies the flags of the item, which an audit has read.</summary>
    /// <returns>Whether the audit may confirm. Entries that this voids are void when the method returns.</returns>
    public bool Observe(in MetaResponse item, in Timestamps sent, in Timestamps received)
    {
        RulesAuditEffect effect;
        lock (_lock)
        {
            effect = _leases.AuditAnswered(item.Status == MetaStatus.Ok ? item.ClientFlags : null, sent, received);
        }

        if (effect.Voids)
        {
            _server.Void(FlushReason.RulesRestarted);
        }

        _rules.LogLeftOut();
        _wake.Set();
        return effect.Confirms;
    }

    public void CountersLost()
    {
        lock (_lock)
        {
            _leases.CountersLost(_context.Clock.Now());
        }
    }

    /// <summary>Reads the item now, without informing the process.</summary>
    /// <returns>The content; null if the server does not reply.</returns>
    public async Task<RulesItemContent?> ReadContentAsync(Func<RuleSet, LeasedRuleSet> carry, CancellationToken cancellationToken)
    {
        try
        {
            return RuleTranslation.Read(
                await _server.Server.ExecuteAsync(ReadCommand, cancellationToken).ConfigureAwait(false), Name, carry);
        }
        catch (MemcachedException)
        {
            return null;
        }
    }

    /// <summary>Reads the item now, and takes its content over.</summary>
    /// <exception cref="MemcachedException">The item could not be read.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var sent = _context.Clock.Now();
        var life = _server.Epoch;
        if (_server.Confirmation is { } registry && !await registry.ConfirmAsync(cancellationToken).ConfigureAwait(false))
        {
            // The local copy of the rules may differ from the registry.
            lock (_lock)
            {
                _leases.Failed(_context.Clock.Now());
            }

            return;
        }

        var reply = await _server.Server.ExecuteAsync(new[] { ReadCommand }).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        var received = _context.Clock.Now();
        var origin = new CasOrigin(life, reply.ConnectionId);
        if (_rules.Receive(_server.Server.Name, reply.Responses[0], reading => Apply(reading with { Origin = origin }, sent, received)))
        {
            return;
        }

        lock (_lock)
        {
            _leases.Failed(received);
        }
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private MetaCommand ReadCommand => MetaCommand.Get(_context.Names.Rules, MetaFields.Value | MetaFields.ClientFlags | MetaFields.Cas);

    private RulesReadEffect Apply(RulesReading reading, Timestamps sent, Timestamps received)
    {
        RulesReadEffect effect;
        lock (_lock)
        {
            effect = _leases.Read(reading, sent, received);
        }

        if (effect.Voids)
        {
            _server.Void(FlushReason.RulesRestarted);
        }

        return effect;
    }

    private async Task NextAsync(CancellationToken stopping)
    {
        RulesStep step;
        lock (_lock)
        {
            step = _leases.Next(_context.Clock.Now());
        }

        try
        {
            switch (step.Kind)
            {
                case RulesStepKind.Wait:
                    var wait = step.Until == long.MaxValue ? step.Until : step.Until - _context.Clock.Monotonic();
                    await _wake.WaitAsync(wait, stopping).ConfigureAwait(false);
                    break;
                case RulesStepKind.Read:
                    await ReadAsync(stopping).ConfigureAwait(false);
                    break;
                default:
                    await WriteAsync(step, stopping).ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            _context.Logger.AuditFailed(e, _server.Server.Name);
            lock (_lock)
            {
                _leases.Failed(_context.Clock.Now());
            }
        }
    }

    private async Task WriteAsync(RulesStep step, CancellationToken stopping)
    {
        var item = _rules.ItemToWrite(step);
        var command = MetaCommand.Set(_context.Names.Rules, item.Encode(), timeToLive: 0) with
        {
            ClientFlags = item.Flags,
            Mode = step.Kind == RulesStepKind.Add ? MetaSetMode.Add : MetaSetMode.Set,
            CompareCas = step.Kind == RulesStepKind.Add ? null : step.Cas,
        };
        var written = step.Kind == RulesStepKind.Add
            ? _server.Server.ExecuteAsync(command, stopping).AsTask()
            : _server.CompareAsync(step.Origin, command).WaitOrAbandonAsync(stopping);
        await written.ConfigureAwait(false);
        lock (_lock)
        {
            _leases.Written();
        }
    }
}
