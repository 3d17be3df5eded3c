using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Sends commands that compare a CAS: only on connections on which the server's life was read, and only if the CAS is of that life.
/// </summary>
/// <remarks>
/// A connection leads to one process of memcached, so it never leads to two lives of CAS ids. Usually an audit has read the life already,
/// and nothing more is asked.
/// </remarks>
internal sealed class CasCommands(IRemoteServer server, CoherenceContext context, AuditCommands commands, SynchronizedLedger ledger)
{
    // A connection may be replaced between the read of its life and the command.
    private const int MostTries = 4;

    /// <summary>Sends a command once it is certain what its CAS means.</summary>
    /// <param name="origin">Where the CAS was read.</param>
    /// <param name="key">The command's key.</param>
    /// <param name="send">Sends it on this connection, and on no other.</param>
    /// <returns>The answer; <see cref="MetaStatus.Exists"/> if the CAS is of a life that is over, and then nothing was sent.</returns>
    /// <exception cref="MemcachedException">There is no answer.</exception>
    /// <exception cref="NearCacheException">The server's life could not be read.</exception>
    public async Task<MetaResponse> ExecuteAsync(CasOrigin origin, ReadOnlyMemory<byte> key, Func<long, Task<MetaResponse>> send)
    {
        for (var tries = 1; ; tries++)
        {
            if (await ConnectionAsync(origin, key).ConfigureAwait(false) is not { } connection)
            {
                return new MetaResponse { Status = MetaStatus.Exists };
            }

            try
            {
                return await send(connection).ConfigureAwait(false);
            }
            catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown && tries < MostTries)
            {
                // Not sent: the next connection may lead to the same life.
            }
        }
    }

    /// <summary>Returns the connection on which a CAS means what it meant when it was read; null: none does any more.</summary>
    /// <exception cref="MemcachedException">There is no connection.</exception>
    /// <exception cref="NearCacheException">The server's life could not be read.</exception>
    public async ValueTask<long?> ConnectionAsync(CasOrigin origin, ReadOnlyMemory<byte> key)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var life = ledger.Epoch;
            if (origin.Connection is null && origin.Life != life)
            {
                return null;
            }

            var connection = server.ConnectionIdFor(key.Span);
            if (ledger.WasRead(connection, life))
            {
                return origin.Life == life || origin.Connection == connection ? connection : null;
            }

            await ReadLifeAsync(connection).ConfigureAwait(false);
        }

        throw new NearCacheException($"A compare-and-set on {server.Name} was not sent: its counters could not be read, and without them it is not known whether it has restarted since the value was read.")
        {
            IsTransient = true,
        };
    }

    private async ValueTask ReadLifeAsync(long connection)
    {
        if (ledger.ReadSoon() is { } soon)
        {
            await soon.ConfigureAwait(false);
            return;
        }

        var sent = ledger.SendingAudit(segment: 0);
        try
        {
            var reply = await server.ExecuteAsync(commands.Audit(segment: 0), connection).ConfigureAwait(false);
            ledger.LifeRead(sent, AuditCommands.Total(reply), AuditCommands.Segment(reply), context.Clock.Now(), connection);
        }
        catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown)
        {
            // Replaced: its successor is read.
        }
    }
}
