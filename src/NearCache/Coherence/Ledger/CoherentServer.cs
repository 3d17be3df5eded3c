using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// One server of the cache: its <see cref="CountedWrites"/> and its <see cref="AuditLoop"/> around a <see cref="SynchronizedLedger"/>.
/// </summary>
internal sealed class CoherentServer : IAsyncDisposable
{
    private readonly SynchronizedLedger _ledger;
    private readonly CountedWrites _writes;
    private readonly AuditLoop _audits;
    private readonly CasCommands _compared;
    private readonly IdentityItem _identity;

    /// <param name="server">The server.</param>
    /// <param name="context">The state that the servers share.</param>
    /// <param name="confirmation">Confirms a remote without counters; null if the server has counters.</param>
    public CoherentServer(IRemoteServer server, CoherenceContext context, IConfirmation? confirmation)
    {
        (Server, Confirmation) = (server, confirmation);
        var commands = new AuditCommands(context.Names);
        _ledger = new SynchronizedLedger(server.Name, context, confirmation, countersLost: () => Rules.CountersLost());
        Gate = _ledger.Gate;
        if (server.HasName)
        {
            context.Identities.AwaitAddresses(server.Name);
        }

        _writes = new CountedWrites(server, context, commands, _ledger, view: () => Rules.View);
        _identity = new IdentityItem(server, context, commands);
        _compared = new CasCommands(server, context, commands, _ledger, _identity);
        _audits = new AuditLoop(
            server,
            context,
            commands,
            _ledger,
            _identity,
            confirmation,
            observe: (rules, sent, received) => Rules.Observe(rules, sent, received));
    }

    public IRemoteServer Server { get; }

    /// <summary>Gets what confirms a remote without counters; null if the server has counters.</summary>
    public IConfirmation? Confirmation { get; }

    /// <summary>Gets the gate that near hits check.</summary>
    public ServerGate Gate { get; }

    /// <summary>Gets or sets the rules on the server. Set before <see cref="Start"/>.</summary>
    public IServerRules Rules { get; set; } = null!;

    /// <summary>
    /// Gets the number of the server's present life. It changes when the server has lost its items, which voids CAS values of before. No
    /// two servers share a number.
    /// </summary>
    public int Epoch => _ledger.Epoch;

    /// <inheritdoc cref="AuditLoop.RoundTrips"/>
    public RoundTrips RoundTrips => _audits.RoundTrips;

    /// <inheritdoc cref="SynchronizedLedger.Position"/>
    public LedgerPosition? Position => _ledger.Position;

    /// <summary>Starts auditing. The audit of an embedded server is answered before this method returns.</summary>
    public void Start() => _audits.Start();

    /// <inheritdoc cref="SynchronizedLedger.DescribeHistory"/>
    public string DescribeHistory() => _ledger.DescribeHistory();

    /// <inheritdoc cref="CountedWrites.MutateAsync"/>
    public Task<MetaResponse> MutateAsync(
        MetaCommand mutation, KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule, long? connection = null) =>
        _writes.MutateAsync(mutation, hash, key, rule, connection);

    /// <inheritdoc cref="CasCommands.ExecuteAsync"/>
    public Task<MetaResponse> CompareAsync(CasOrigin origin, ReadOnlyMemory<byte> key, Func<long, Task<MetaResponse>> send) =>
        _compared.ExecuteAsync(origin, key, send);

    /// <summary>Sends a single command that compares a CAS value.</summary>
    public Task<MetaResponse> CompareAsync(CasOrigin origin, MetaCommand command) =>
        CompareAsync(
            origin,
            command.Key,
            async connection => (await Server.ExecuteAsync(new[] { command }, connection).ConfigureAwait(false)).Responses[0]);

    /// <inheritdoc cref="CountedWrites.BumpAsync"/>
    public Task BumpAsync(KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule) => _writes.BumpAsync(hash, key, rule);

    /// <summary>Records an owed bump: a mutation was sent without its increments, and was not answered.</summary>
    public void Owe(KeyHash hash, ReadOnlyMemory<byte> key) => _writes.Owe(hash, key);

    /// <summary>Applies an announcement.</summary>
    public void Receive(Announcement announcement) => _ledger.Receive(announcement);

    /// <summary>Voids all near entries of the server and closes its gate, because its name is in conflict.</summary>
    public void Close() => _ledger.Close();

    /// <inheritdoc cref="IdentityItem.HasOneAddressAsync"/>
    public Task<bool> HasOneAddressAsync(CancellationToken cancellationToken) => _identity.HasOneAddressAsync(cancellationToken);

    /// <inheritdoc cref="IdentityItem.ProbeAsync"/>
    public Task ProbeAsync(CancellationToken cancellationToken) => _identity.ProbeAsync(cancellationToken);

    /// <inheritdoc cref="IdentityItem.CompareConnectionsAsync"/>
    public Task CompareConnectionsAsync() => _identity.CompareConnectionsAsync();

    /// <inheritdoc cref="SynchronizedLedger.Heard"/>
    public HeardWrite? Heard(long n) => _ledger.Heard(n);

    /// <summary>Voids all near entries of the server.</summary>
    public void Void(FlushReason reason) => _ledger.Void(reason);

    public ValueTask DisposeAsync() => _audits.DisposeAsync();
}

/// <summary>The rules on one server, as its audits and its counted writes use them.</summary>
internal interface IServerRules : IAsyncDisposable
{
    /// <summary>Gets the present view of the rules on the server. Thread-safe.</summary>
    RulesView View { get; }

    /// <summary>Applies the flags of the rules item, which an audit has read.</summary>
    /// <returns>Whether the audit may confirm. Entries that this voids are void when the method returns.</returns>
    bool Observe(in MetaResponse item, in Timestamps sent, in Timestamps received);

    /// <summary>Restarts the leases, because the server has lost its counters.</summary>
    void CountersLost();

    /// <summary>Reads the rules item now, and applies its content in this process.</summary>
    /// <exception cref="Memcached.MemcachedException">The item could not be read.</exception>
    Task ReadAsync(CancellationToken cancellationToken);
}
