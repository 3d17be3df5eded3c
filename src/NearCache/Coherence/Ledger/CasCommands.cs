using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// Sends commands that compare a CAS value: only on connections on which the server's life was read, and only for a CAS value of that life.
/// </summary>
/// <remarks>
/// A connection leads to one memcached process, so it has CAS values of one life only. Usually an audit has read the life already, and no
/// extra read is needed.
/// </remarks>
internal sealed class CasCommands(
    IRemoteServer server, CoherenceContext context, AuditCommands commands, SynchronizedLedger ledger, IdentityItem identity)
{
    // A connection may be replaced between the read of its life and the command.
    private const int MaxTries = 4;

    /// <summary>Sends a command after the life of its CAS value is certain.</summary>
    /// <param name="origin">The origin of the CAS value.</param>
    /// <param name="key">The key of the command.</param>
    /// <param name="send">Sends the command on the given connection, and on no other.</param>
    /// <returns>The reply. <see cref="MetaStatus.Exists"/> if the life of the CAS value is over; then nothing was sent.</returns>
    /// <exception cref="MemcachedException">There is no reply.</exception>
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
            catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown && tries < MaxTries)
            {
                // Not sent: the next connection may lead to the same life.
            }
        }
    }

    /// <summary>Returns the connection on which a CAS value is valid; null if there is none any more.</summary>
    /// <exception cref="MemcachedException">There is no connection.</exception>
    /// <exception cref="NearCacheException">The server's life could not be read.</exception>
    public async ValueTask<long?> ConnectionAsync(CasOrigin origin, ReadOnlyMemory<byte> key)
    {
        for (var tries = 0; tries < MaxTries; tries++)
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

        throw new NearCacheException($"A compare-and-set on {server.Name} was not sent: its counters could not be read, and without them "
            + "it is not known whether it has restarted since the value was read.")
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

        var (sent, look) = (ledger.SendingAudit(segment: 0), identity.Sending());
        try
        {
            var reply = await server.ExecuteAsync(commands.Audit(segment: 0), connection).ConfigureAwait(false);
            var now = context.Clock.Now();
            var shown = identity.Compare(look, reply, now);
            ledger.LifeRead(sent, AuditCommands.Total(reply), AuditCommands.Segment(reply), now, connection, shown);
        }
        catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown)
        {
            // The connection was replaced, and its successor is read.
        }
    }
}
