using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Stores log records on a server for processes that miss an announcement: some milliseconds after the writes, many in one group.
/// </summary>
/// <remarks>
/// No caller waits for the records. An audit that comes before a record reads again a little later, and flushes a segment if the record is
/// still missing.
/// </remarks>
internal sealed class LogRecordWriter(IRemoteServer server, CoherenceContext context)
{
    private const int MaxWaiting = 4096;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();   // guards the waiting records
    private List<MetaCommand> _waiting = [];

    /// <summary>Queues a record. If a server does not answer and the queue is full, the record is dropped.</summary>
    public void Leave(long n, in LogRecord record)
    {
        lock (_lock)
        {
            if (_waiting.Count == MaxWaiting)
            {
                context.Metrics.RemoteFailed("log");
                return;
            }

            _waiting.Add(MetaCommand.Set(context.Names.Log(n), record.Encode(), CounterNames.LogLifetime) with
            {
                ClientFlags = context.Writer.Value,
            });
            if (_waiting.Count > 1)
            {
                return;
            }
        }

        _ = SendAsync();
    }

    private async Task SendAsync()
    {
        await Task.Delay(Delay, context.Time).ConfigureAwait(false);
        MetaCommand[] group;
        lock (_lock)
        {
            group = [.. _waiting];
            _waiting = [];
        }

        try
        {
            await server.ExecuteAsync(group).ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            context.Metrics.RemoteFailed("log");
        }
        catch (ObjectDisposedException)
        {
            // The cache has ended; the audits of other processes do without the records.
        }
    }
}
