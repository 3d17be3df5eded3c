using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Reports.Core;

namespace NearCache.Reports;

/// <summary>The copy of this process's report on one server.</summary>
/// <param name="server">The server.</param>
/// <param name="names">The keys of the reports.</param>
/// <param name="id">The id of the process.</param>
/// <param name="podOrHost">The name that the starts are counted by.</param>
/// <param name="random">Chooses places.</param>
internal sealed class ReportCopy(IRemoteServer server, ReportNames names, string id, string podOrHost, Random random)
{
    // Far more often than the counter of starts expires.
    private const int RoundsPerTouch = 60;

    // The detail is the larger part of a report, and is read for one process on demand.
    private const int RoundsPerDetail = 2;

    private readonly ReportPlace _place = new(names, id, random);
    private long? _connection;
    private int _rounds;
    private int _stored = random.Next(RoundsPerDetail);
    private bool _hasDetail;

    /// <summary>Gets the server.</summary>
    public IRemoteServer Server => server;

    /// <summary>Gets the number of starts by the counter on this server; 0 before it was counted.</summary>
    public int Starts { get; private set; }

    /// <summary>Gets a value indicating whether all places of the server are taken by other processes.</summary>
    public bool IsFull => _place.IsFull;

    /// <summary>
    /// Makes sure that there is a connection, and counts the start of this process at the first one. Later it keeps the counter from
    /// expiring.
    /// </summary>
    /// <returns>False if the server does not reply.</returns>
    public async Task<bool> OpenAsync()
    {
        try
        {
            _connection = CurrentConnection();
            if (_connection is null || _rounds++ % RoundsPerTouch == 0)
            {
                var key = names.Starts(podOrHost);
                MetaCommand[] command = [Starts > 0
                    ? MetaCommand.Get(key, MetaFields.None) with { TimeToLive = ReportNames.Lifetime }
                    : MetaCommand.Increment(key) with { Vivify = ReportNames.Lifetime, Initial = 1, TimeToLive = ReportNames.Lifetime }];
                var reply = await server.ExecuteAsync(command).ConfigureAwait(false);
                _connection = reply.ConnectionId;
                Starts = Starts > 0 ? Starts : (int)Math.Clamp(reply.Responses[0].Number, 1, int.MaxValue);
            }

            return true;
        }
        catch (MemcachedException)
        {
            _connection = null;
            return false;
        }
    }

    /// <summary>
    /// Stores the summary, and with every second one the detail. Requires that <see cref="OpenAsync"/> has returned true.
    /// </summary>
    /// <param name="summary">The summary.</param>
    /// <param name="detail">The detail.</param>
    /// <param name="isLast">Whether the detail is stored in any case.</param>
    /// <returns>False if the summary is not stored: the server does not reply, or has no free place.</returns>
    public async Task<bool> StoreAsync(ReadOnlyMemory<byte> summary, ReadOnlyMemory<byte> detail, bool isLast)
    {
        var connection = _connection!.Value;
        _place.Begin(connection);
        var isDetailSent = _hasDetail && !isLast && _stored % RoundsPerDetail != 0;
        try
        {
            for (var steps = 0; steps < ReportPlace.MaxSteps && !_place.IsStored; steps++)
            {
                List<MetaCommand> commands = [.. _place.Next(summary)];
                var own = commands.Count;
                if (!isDetailSent)
                {
                    commands.Add(MetaCommand.Set(names.Detail(id), detail, ReportNames.Lifetime));
                    isDetailSent = true;
                }

                var reply = await server.ExecuteAsync(commands.ToArray(), connection).ConfigureAwait(false);
                _place.Receive([.. reply.Responses.Take(own)]);
            }

            _stored++;
            _hasDetail = true;
            return _place.IsStored;
        }
        catch (MemcachedException)
        {
            _place.Failed();
            return false;
        }
    }

    private long? CurrentConnection()
    {
        try
        {
            return server.ConnectionIdFor(names.Places);
        }
        catch (MemcachedException)
        {
            // Not connected yet.
            return null;
        }
    }
}
