using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// One server, as the cache keeps to it: its <see cref="CountedWrites"/> and its <see cref="AuditLoop"/>, around a ledger that a
/// <see cref="SynchronizedLedger"/> has.
/// </summary>
internal sealed class CoherentServer : IAsyncDisposable
{
    private readonly SynchronizedLedger _ledger;
    private readonly CountedWrites _writes;
    private readonly AuditLoop _audits;
    private readonly CasCommands _compared;

    public CoherentServer(IRemoteServer server, CoherenceContext context)
    {
        Server = server;
        var commands = new AuditCommands(context.Names);
        _ledger = new SynchronizedLedger(server.Name, context, countersLost: () => Rules.CountersLost());
        Gate = _ledger.Gate;
        _writes = new CountedWrites(server, context, commands, _ledger, view: () => Rules.View);
        _compared = new CasCommands(server, context, commands, _ledger);
        _audits = new AuditLoop(
            server, context, commands, _ledger, observe: (rules, sent, received) => Rules.Observe(rules, sent, received));
    }

    public IRemoteServer Server { get; }

    /// <summary>What near hits compare.</summary>
    public ServerGate Gate { get; }

    /// <summary>The rules on it. Set before it is started.</summary>
    public IServerRules Rules { get; set; } = null!;

    /// <summary>
    /// Changes when the server has lost its items, so that a CAS of before means nothing any more. No two servers ever have the same.
    /// </summary>
    public int Epoch => _ledger.Epoch;

    /// <summary>Begins to audit. An embedded server answers before this returns.</summary>
    public void Start() => _audits.Start();

    /// <inheritdoc cref="CountedWrites.MutateAsync"/>
    public Task<MetaResponse> MutateAsync(
        MetaCommand mutation, KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule, long? connection = null) =>
        _writes.MutateAsync(mutation, hash, key, rule, connection);

    /// <inheritdoc cref="CasCommands.ExecuteAsync"/>
    public Task<MetaResponse> CompareAsync(CasOrigin origin, ReadOnlyMemory<byte> key, Func<long, Task<MetaResponse>> send) =>
        _compared.ExecuteAsync(origin, key, send);

    /// <summary>The same with a command that is sent alone.</summary>
    public Task<MetaResponse> CompareAsync(CasOrigin origin, MetaCommand command) =>
        CompareAsync(
            origin,
            command.Key,
            async connection => (await Server.ExecuteAsync(new[] { command }, connection).ConfigureAwait(false)).Responses[0]);

    /// <inheritdoc cref="CountedWrites.BumpAsync"/>
    public Task BumpAsync(KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule) => _writes.BumpAsync(hash, key, rule);

    /// <summary>A mutation was sent without its bumps and not answered: they are owed.</summary>
    public void Owe(KeyHash hash, ReadOnlyMemory<byte> key) => _writes.Owe(hash, key);

    /// <summary>News from a slot.</summary>
    public void Hear(Announcement announcement) => _ledger.Hear(announcement);

    /// <summary>All near entries of the server are gone.</summary>
    public void Void(FlushReason reason) => _ledger.Void(reason);

    public ValueTask DisposeAsync() => _audits.DisposeAsync();
}

/// <summary>The rules on one server, as its audits and its counted writes use them.</summary>
internal interface IServerRules : IAsyncDisposable
{
    /// <summary>Gets what is known now of the rules on the server. Thread-safe.</summary>
    RulesView View { get; }

    /// <summary>Takes over the flags of the rules item, which an audit has read.</summary>
    /// <returns>Whether the audit may confirm. Entries that this voids are void when the method returns.</returns>
    bool Observe(in MetaResponse item, in Timestamps sent, in Timestamps received);

    /// <summary>Restarts the leases, because the server has lost its counters.</summary>
    void CountersLost();

    /// <summary>Reads the rules item now, and applies what it says in this process.</summary>
    /// <exception cref="Memcached.MemcachedException">The item could not be read.</exception>
    Task ReadAsync(CancellationToken cancellationToken);
}
