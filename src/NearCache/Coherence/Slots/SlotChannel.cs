using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Slots;

/// <summary>
/// The channel of announcements through the slots in ZooKeeper: a <see cref="SlotAnnouncer"/> and a <see cref="SlotListener"/> around one
/// <see cref="SlotBoard"/>. The main type of the slots folder.
/// </summary>
internal sealed class SlotChannel : IAsyncDisposable
{
    private readonly CoherenceContext _context;
    private readonly EnsembleGateway _gate;
    private readonly SlotBoard _board;
    private readonly SlotListener _listener;
    private readonly SlotAnnouncer _announcer;
    private bool _loggedFewer;

    /// <param name="gate">The gateway.</param>
    /// <param name="paths">The paths of the slots.</param>
    /// <param name="context">The state that the parts of coherence share.</param>
    /// <param name="board">The state of the slots.</param>
    /// <param name="servers">The servers of the cache. Announcements of other servers are ignored.</param>
    /// <param name="damage">Set when a slot is missing or cannot be read.</param>
    public SlotChannel(
        EnsembleGateway gate,
        NamespacePaths paths,
        CoherenceContext context,
        SlotBoard board,
        ServerDirectory servers,
        LoopSignal damage)
    {
        (_context, _gate, _board) = (context, gate, board);
        EnsembleLane[] lanes =
            [.. Enumerable.Range(0, NamespacePaths.SlotCount).Select(_ =>
                gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures))];
        _listener = new SlotListener(lanes, paths, context, board, servers, damage);
        _announcer = new SlotAnnouncer(lanes, paths, context, board, _listener);
    }

    /// <inheritdoc cref="SlotBoard.Last"/>
    public (long? ReadAt, long? AnnouncedAt) Last => _board.Last;

    /// <summary>Gets the number of attempted writes to slots. Each is a transaction of the ensemble, even if it is refused.</summary>
    public long Attempts => Budgets.Announcements;

    /// <summary>Gets the current limits of requests to ZooKeeper, and the requests made so far.</summary>
    public BudgetSnapshot Budgets => _board.Budgets(_context.Clock.Monotonic(), _gate.QuotaRefusals);

    /// <summary>Gets how many processes share the namespace, as far as is known.</summary>
    public int Members => Budgets.Members;

    /// <summary>Gets the current interval between reads of a slot, in milliseconds.</summary>
    public long Pace => (long)Budgets.Pace.TotalMilliseconds;

    /// <summary>Counts reads of the ensemble that other parts have sent.</summary>
    public void CountRequests(int requests) => _board.CountRequests(requests);

    /// <inheritdoc cref="IAnnouncer.Announce"/>
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version) =>
        _board.Announce(server, segment, key, version);

    public void Start()
    {
        _listener.Start();
        _announcer.Start();
    }

    /// <summary>Applies a read without a watch that another part has made. New announcements are void here when this returns.</summary>
    public void Receive(int slot, ZNodeData data) => _listener.Receive(slot, data);

    /// <summary>Sets how many processes share the namespace.</summary>
    public void MembersCounted(MemberEstimate count)
    {
        _gate.Members = count.Believed;
        var readable = _board.MembersCounted(count.Believed);

        // What a new process assumes is no finding: a small fleet would be told at each start that it is large.
        if (count.IsCounted && readable < NamespacePaths.SlotCount && !Interlocked.Exchange(ref _loggedFewer, true))
        {
            _context.Logger.FewerSlotsRead(count.Believed, readable, NamespacePaths.SlotCount);
        }
    }

    /// <summary>Reads all slots again, with watches, because a session began and the slots exist.</summary>
    public void Connected() => _board.Connected(isNewSession: true);

    /// <summary>Allows reads and writes, because the same session has a connection again.</summary>
    public void Reconnected() => _board.Connected(isNewSession: false);

    /// <inheritdoc cref="SlotBoard.HistoryLost"/>
    public void HistoryLost() => _board.HistoryLost();

    /// <summary>Blocks reads and writes until <see cref="Connected"/> or <see cref="Reconnected"/>.</summary>
    public void Disconnected() => _board.Disconnected();

    /// <summary>Waits until all announcements are sent, at most for <paramref name="limit"/>.</summary>
    /// <returns>The number of announcements that were not sent.</returns>
    public Task<int> DrainAsync(TimeSpan limit) => _announcer.DrainAsync(limit);

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _announcer.DisposeAsync().ConfigureAwait(false);
    }
}
