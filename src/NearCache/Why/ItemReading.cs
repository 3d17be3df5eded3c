using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Formats;

namespace NearCache.Why;

/// <summary>What the server of a key tells of its item, read without changing it.</summary>
/// <param name="Item">The reply; null if the server did not answer.</param>
/// <param name="Total">The number of the newest counted write of the server; null if it has no counters, or did not answer.</param>
/// <param name="Problem">Why the server did not answer; null if it did.</param>
internal sealed record ItemReading(MetaResponse? Item, long? Total, string? Problem)
{
    private const MetaFields Fields = MetaFields.Size | MetaFields.TimeToLive | MetaFields.LastAccess | MetaFields.WasHit | MetaFields.Cas
        | MetaFields.ClientFlags;

    /// <summary>Reads the item in one round trip. The total is read after it, so that it covers every write that the item shows.</summary>
    /// <param name="server">The server.</param>
    /// <param name="key">The key on memcached.</param>
    /// <param name="counters">The names of the counters; null if the server has none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ItemReading> ReadAsync(
        IRemoteServer server, ReadOnlyMemory<byte> key, CounterNames? counters, CancellationToken cancellationToken)
    {
        var item = MetaCommand.Get(key, Fields) with { IsPeek = true };
        try
        {
            MetaCommand[] group = counters is null ? [item] : [item, MetaCommand.Get(counters.Total)];
            var reply = await server.ExecuteAsync(group).WaitAsync(cancellationToken).ConfigureAwait(false);
            return new ItemReading(
                reply.Responses[0], counters is null ? null : AuditCommands.Counter(reply.Responses[1]), Problem: null);
        }
        catch (MemcachedException e)
        {
            return new ItemReading(null, null, e.Message);
        }
    }

    /// <summary>Describes the item; null if the server did not answer.</summary>
    /// <param name="format">The format of values in the settings.</param>
    /// <param name="isMemcached">Whether the server records the last access.</param>
    public DiagnosedItem? Describe(IValueFormat format, bool isMemcached) => Item switch
    {
        null => null,
        { Status: not MetaStatus.Ok } => new DiagnosedItem { Exists = false },
        { } item => new DiagnosedItem
        {
            Exists = true,
            IsPlaceholder = ValueTranscoder.IsPlaceHolder(item) && item.Size == 0,
            Content = ValueTranscoder.Describe(format, item.ClientFlags),
            Size = Math.Max(item.Size, item.Value.Length),
            TimeToLive = item.TimeToLive < 0 ? null : TimeSpan.FromSeconds(item.TimeToLive),
            LastAccess = isMemcached ? TimeSpan.FromSeconds(item.LastAccess) : null,
            WasRead = isMemcached ? item.WasHit : null,
            Cas = item.Cas,
            ClientFlags = item.ClientFlags,
        },
    };
}
