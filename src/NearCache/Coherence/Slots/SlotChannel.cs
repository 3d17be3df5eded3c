using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Slots;

/// <summary>
/// Announces through the slots in ZooKeeper, and hears what others announce: a <see cref="SlotAnnouncer"/> and a <see cref="SlotListener"/>
/// around one <see cref="SlotBoard"/>.
/// </summary>
internal sealed class SlotChannel : IAnnouncer, IAsyncDisposable
{
    private readonly CoherenceContext _context;
    private readonly EnsembleGateway _gate;
    private readonly SlotBoard _board;
    private readonly SlotListener _listener;
    private readonly SlotAnnouncer _announcer;
    private bool _saidFewer;

    public SlotChannel(
        EnsembleGateway gate,
        NamespacePaths paths,
        CoherenceContext context,
        IEnumerable<CoherentServer> servers,
        BudgetOptions budgets,
        ulong member)
    {
        _context = context;
        _gate = gate;
        _board = new SlotBoard(budgets, member, keepsOverflow: !context.HasCounters, context.MaxStaleness, context.Time);
        EnsembleLane[] lanes =
            [.. Enumerable.Range(0, NamespacePaths.SlotCount).Select(_ => gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures))];
        _listener = new SlotListener(lanes, paths, context, _board, servers, () => Damaged?.Invoke());
        _announcer = new SlotAnnouncer(lanes, paths, context, _board, _listener);
    }

    /// <summary>Told when a slot is missing or cannot be read. Set before anything is started.</summary>
    public Action? Damaged { get; set; }

    /// <summary>The slots whose content cannot be read.</summary>
    public IReadOnlyList<int> Unreadable => _board.Unreadable;

    /// <inheritdoc cref="SlotBoard.Last"/>
    public (long? ReadAt, long? AnnouncedAt) Last => _board.Last;

    /// <summary>Writes to slots that were attempted: each is a transaction of the ensemble, also one that was refused.</summary>
    public long Attempts => Budgets.Announcements;

    /// <summary>What may be asked of ZooKeeper now, and what has been.</summary>
    public BudgetSnapshot Budgets => _board.Budgets(_context.Clock.Monotonic(), _gate.QuotaRefusals);

    /// <summary>How many processes share the namespace, as far as is known.</summary>
    public int Members => Budgets.Members;

    /// <summary>The pace at which slots are read now, in milliseconds.</summary>
    public long Pace => (long)Budgets.Pace.TotalMilliseconds;

    /// <summary>So many requests were sent that are reads to the ensemble.</summary>
    public void Asked(int requests) => _board.Asked(requests);

    /// <summary>The cache has other servers: news of others is of no use.</summary>
    public void SetServers(IEnumerable<CoherentServer> servers) => _listener.SetServers(servers);

    public void Start()
    {
        _listener.Start();
        _announcer.Start();
    }

    /// <inheritdoc/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version) =>
        _board.Announce(server, segment, key, version);

    /// <summary>A slot was read by somebody else, without a watch. What is new in it is void when this returns.</summary>
    public void Heard(int slot, ZNodeData data) => _listener.Heard(slot, data);

    /// <summary>How many processes share the namespace.</summary>
    public void MembersCounted(int members)
    {
        _gate.Members = members;
        var readable = _board.MembersCounted(members);
        if (readable < NamespacePaths.SlotCount && !Interlocked.Exchange(ref _saidFewer, true))
        {
            _context.Logger.FewerSlotsRead(members, readable, NamespacePaths.SlotCount);
        }
    }

    /// <summary>A session is there, and the slots exist: all are read again, with watches.</summary>
    public void Connected() => _board.Connected(isNewSession: true);

    /// <summary>The same session has a connection again.</summary>
    public void Reconnected() => _board.Connected(isNewSession: false);

    /// <inheritdoc cref="SlotBoard.Reread"/>
    public void Reread(int slot) => _board.Reread(slot);

    /// <inheritdoc cref="SlotBoard.HistoryLost"/>
    public void HistoryLost() => _board.HistoryLost();

    /// <summary>Nothing can be read or written until <see cref="Connected"/> or <see cref="Reconnected"/>.</summary>
    public void Disconnected() => _board.Disconnected();

    /// <summary>Waits until everything that is to be announced has left, at most so long.</summary>
    /// <returns>How many announcements did not leave.</returns>
    public Task<int> DrainAsync(TimeSpan limit) => _announcer.DrainAsync(limit);

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _announcer.DisposeAsync().ConfigureAwait(false);
    }
}
