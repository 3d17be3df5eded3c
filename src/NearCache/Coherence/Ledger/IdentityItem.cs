using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// The identity item of one server: passes what audits show to the register, and keeps the item beside the counters.
/// </summary>
/// <remarks>
/// A missing item means nothing. A process that has read the identity of the present counters adds it again. Without such a process, the
/// counters get an identity after some audits, since they are from an older version.
/// </remarks>
internal sealed class IdentityItem(IRemoteServer server, CoherenceContext context, AuditCommands commands)
{
    // The audits in a row that find live counters without an identity. Processes that know the identity add it again at their next audit.
    private const int MaxMissing = 10;

    private readonly Lock _lock = new();   // guards everything below
    private ServerIdentity? _known;
    private long _total;   // with which _known was shown last
    private int _missing;
    private bool _isOfOthers;   // whether the item belongs to other counters, although it fits
    private bool _isTotalMissing = true;

    /// <summary>Gets whether the last reply showed no total. Then the counters to create are new, and get a new identity.</summary>
    public bool IsTotalMissing
    {
        get
        {
            lock (_lock)
            {
                return _isTotalMissing;
            }
        }
    }

    /// <summary>Notes the state before an audit is sent.</summary>
    public IdentityLook Sending() => context.Identities.Sending(server.Name);

    /// <summary>Applies the identity in the reply to an audit or a flush, before the ledger applies its counters.</summary>
    /// <param name="look">The state noted at sending.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="now">The time of the reply.</param>
    /// <returns>The identity; null if it is unknown.</returns>
    public string? Observe(in IdentityLook look, RemoteReply reply, in Timestamps now)
    {
        var identity = Read(reply, out var total);
        lock (_lock)
        {
            _isTotalMissing = total is null;
            if (identity is not null)
            {
                // New counters fit by accident to an identity that survived the others.
                _isOfOthers = identity == _known && total - _total > GaplessPrefix.MaxDistance;
                (_known, _total, _missing) = (identity, total!.Value, 0);
                if (_isOfOthers)
                {
                    return null;
                }
            }
        }

        return Compare(look, reply, now);
    }

    /// <summary>Applies the identity in a reply that came over another connection than that of the audits.</summary>
    /// <inheritdoc cref="Observe"/>
    public string? Compare(in IdentityLook look, RemoteReply reply, in Timestamps now)
    {
        if (!context.HasCounters || Read(reply, out var total) is not { } identity)
        {
            return null;
        }

        context.Identities.Observe(server.Name, look, identity.Id, total!.Value, reply.ConnectionId, now);
        return identity.Id;
    }

    /// <summary>Stores the item if the reply shows that it is missing, or belongs to other counters.</summary>
    /// <exception cref="MemcachedException">The server did not answer.</exception>
    public async Task StoreAsync(RemoteReply reply)
    {
        if (!context.HasCounters || ToStore(reply) is not { } command)
        {
            return;
        }

        try
        {
            // On the connection of the reply, which leads to the same process of memcached.
            await server.ExecuteAsync(new[] { command }, reply.ConnectionId).ConfigureAwait(false);
        }
        catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown)
        {
            // The next audit tries again.
        }
    }

    /// <summary>Reads the identity on each connection but that of the audits.</summary>
    /// <exception cref="MemcachedException">The server did not answer.</exception>
    public async Task CompareConnectionsAsync()
    {
        foreach (var connection in server.ConnectionIds)
        {
            try
            {
                var look = Sending();
                var reply = await server.ExecuteAsync(commands.ReadIdentity(), connection).ConfigureAwait(false);
                Compare(look, reply, context.Clock.Now());
            }
            catch (MemcachedConnectionLostException e) when (!e.OutcomeUnknown)
            {
                // It was replaced.
            }
        }
    }

    /// <summary>Returns whether the server has one address, so that there is nothing to compare.</summary>
    public async Task<bool> HasOneAddressAsync(CancellationToken cancellationToken)
    {
        if (await server.CountAddressesAsync(cancellationToken).ConfigureAwait(false) != 1)
        {
            return false;
        }

        context.Identities.ObserveAddresses(server.Name, null, context.Clock.Now());
        return true;
    }

    /// <summary>Reads the identity on a new connection to each address of the server, and compares the addresses.</summary>
    /// <remarks>Addresses are different servers if they differ twice in a row: between two reads the server may be flushed.</remarks>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var look = Sending();
            var replies = await server.ProbeAsync(commands.ReadIdentity(), cancellationToken).ConfigureAwait(false);
            var now = context.Clock.Now();
            if (Differ(replies, out var isKnown) && tries == 1)
            {
                continue;
            }

            if (replies.Count > 0 && isKnown)
            {
                var differ = tries > 1 && Differ(replies, out _);
                context.Identities.ObserveAddresses(
                    server.Name, differ ? string.Join(", ", replies.Select(reply => reply.Address)) : null, now);
            }

            foreach (var (_, reply) in replies)
            {
                Compare(look, reply, now);
            }

            return;
        }
    }

    // A missing identity beside a total says nothing; a missing total says that the server is new. One address has nothing to compare.
    private static bool Differ(IReadOnlyList<ProbeReply> replies, out bool isKnown)
    {
        var shown = replies.Select(reply => Read(reply.Reply, out var total)?.Id ?? (total is null ? "none" : null)).ToArray();
        isKnown = shown.Length == 1 || (!shown.Contains(null) && !shown.All(id => id == "none"));
        return isKnown && shown.Distinct().Count() > 1;
    }

    private static ServerIdentity? Read(RemoteReply reply, out long? total)
    {
        total = AuditCommands.Total(reply);
        var item = AuditCommands.Identity(reply);
        return total is { } shown
            && item.Status == MetaStatus.Ok
            && ServerIdentity.TryDecode(item.Value.Span, out var identity)
            && identity.Fits(shown)
            ? identity
            : null;
    }

    private MetaCommand? ToStore(RemoteReply reply)
    {
        if (AuditCommands.Total(reply) is not { } total || (Read(reply, out _) is not null && !_isOfOthers))
        {
            return null;
        }

        var item = AuditCommands.Identity(reply);
        if (item.Status != MetaStatus.Miss)
        {
            return item.Status != MetaStatus.Ok
                ? null
                : commands.StoreIdentity(ServerIdentity.Create(total), item.Cas);
        }

        lock (_lock)
        {
            if (_known is { } known && total >= _total && total - _total <= GaplessPrefix.MaxDistance
                && !context.Identities.IsPast(server.Name, known.Id))
            {
                return commands.StoreIdentity(known, replaced: null);
            }

            return ++_missing >= MaxMissing ? commands.StoreIdentity(ServerIdentity.Create(total), replaced: null) : null;
        }
    }
}
