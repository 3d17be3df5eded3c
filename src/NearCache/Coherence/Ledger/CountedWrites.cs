using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// The counted writes to one server: each is sent with its increments, and after the replies is recorded in the log and announced.
/// </summary>
internal sealed class CountedWrites(
    IRemoteServer server, CoherenceContext context, AuditCommands commands, SynchronizedLedger ledger, Func<RulesView> view)
{
    private readonly LogRecordWriter _log = new(server, context);

    /// <summary>Sends a mutation and its increments in one write. Completes when all are answered and the key is void here.</summary>
    /// <param name="mutation">The mutation.</param>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The name of the key.</param>
    /// <param name="rule">The rule that covers the key here; null if none does. The write is announced only if the rule is on.</param>
    /// <param name="connection">The only connection that may carry the write; null for any.</param>
    /// <returns>The reply to the mutation.</returns>
    /// <exception cref="MemcachedException">
    /// The write failed. If it may have been executed, its increments are owed, and are made up for.
    /// </exception>
    public async Task<MetaResponse> MutateAsync(
        MetaCommand mutation, KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule, long? connection)
    {
        var closedFrom = rule?.ClosedFrom;
        RemoteReply reply;
        try
        {
            var group = commands.Mutation(mutation, hash.Segment);
            reply = await (connection is { } only ? server.ExecuteAsync(group, only) : server.ExecuteAsync(group)).ConfigureAwait(false);
        }
        catch (MemcachedException e) when (e.OutcomeUnknown)
        {
            Owe(hash, key);
            throw;
        }

        Answered(hash.Segment, key, rule, closedFrom, AuditCommands.Counter(reply.Responses[1]), AuditCommands.Counter(reply.Responses[2]));
        return reply.Responses[0];
    }

    /// <summary>Counts a mutation that was sent without its increments, because its key matched a rule only afterwards.</summary>
    /// <exception cref="MemcachedException">The increments failed. They are owed, and are made up for.</exception>
    public async Task BumpAsync(KeyHash hash, ReadOnlyMemory<byte> key, ActiveRule? rule)
    {
        var closedFrom = rule?.ClosedFrom;
        RemoteReply reply;
        try
        {
            reply = await server.ExecuteAsync(commands.Bumps(hash.Segment)).ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            Owe(hash, key);
            throw;
        }

        Answered(hash.Segment, key, rule, closedFrom, AuditCommands.Counter(reply.Responses[0]), AuditCommands.Counter(reply.Responses[1]));
    }

    /// <summary>Records an owed bump: a mutation or its increments were not answered.</summary>
    public void Owe(KeyHash hash, ReadOnlyMemory<byte> key)
    {
        ledger.Unanswered(hash.Segment, key);
        if (!context.HasCounters)
        {
            AnnounceUncounted(hash.Segment, key);
        }

        context.Logger.DebtLeft(server.Name, hash.Segment);
        ledger.Due.Set();
    }

    private void Answered(int segment, ReadOnlyMemory<byte> key, ActiveRule? rule, long? closedFrom, long? m, long? n)
    {
        ledger.Answered(segment, key, m, n);
        if (m is not { } ofSegment || n is not { } ofServer)
        {
            ledger.Due.Set();
        }
        else if (context.IsShared)
        {
            LogAndAnnounce(segment, key, rule, closedFrom, new MutationVersion(ofServer, ofSegment));
        }
    }

    private void LogAndAnnounce(int segment, ReadOnlyMemory<byte> key, ActiveRule? rule, long? closedFrom, MutationVersion version)
    {
        if (!context.HasCounters)
        {
            // No other process can find out: so writes that are counted only because the rules are uncertain are announced, too.
            if (rule is not null && IsClosedEverywhere(rule, closedFrom))
            {
                return;
            }

            rule?.Counters.Announced();
            AnnounceUncounted(segment, key);
            return;
        }

        _log.Leave(version.N, new LogRecord(segment, version.M, key));

        // Keys that are counted only because the rules are uncertain, or may not be gone everywhere, cost ZooKeeper nothing. Nor do keys
        // that are written too fast.
        if (rule?.TakeAnnouncement() == true)
        {
            rule.Counters.Announced();
            context.Announcer.Announce(ledger.Gate.IdentityHash, segment, key, version);
        }
    }

    private void AnnounceUncounted(int segment, ReadOnlyMemory<byte> key)
    {
        context.Fills?.Announced(key.Span, context.Clock.Monotonic());
        context.Announcer.Announce(ledger.Gate.IdentityHash, segment, key, version: null);
    }

    // The view is read first: while it is fresh, this process has seen the end of a stop, or the others do not fill yet. The same stop must
    // stand since before the write was sent, when the rule was matched.
    private bool IsClosedEverywhere(ActiveRule rule, long? closedFrom)
    {
        var now = context.Clock.Now();
        return view().IsFresh(now) && closedFrom is { } from && now.Monotonic - context.ClosedAfter >= from && rule.ClosedFrom == from;
    }
}
