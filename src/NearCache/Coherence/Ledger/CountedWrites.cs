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
/// The writes to one server that are counted: each goes with its bumps, and is left in the log and announced when it has been answered.
/// </summary>
internal sealed class CountedWrites(
    IRemoteServer server, CoherenceContext context, AuditCommands commands, SynchronizedLedger ledger, Func<RulesView> view)
{
    private readonly LogRecordWriter _log = new(server, context.Names, context.Time, context.Metrics);

    /// <summary>Sends a mutation and its bumps in one write, and completes when all have answered and the key is void here.</summary>
    /// <param name="mutation">The mutation.</param>
    /// <param name="hash">The key's hash.</param>
    /// <param name="key">The key's name.</param>
    /// <param name="rule">The rule that covers it here; null: none does. Only with one that is on is the write announced.</param>
    /// <param name="connection">The only connection that may carry it; null: any.</param>
    /// <returns>The answer to the mutation.</returns>
    /// <exception cref="MemcachedException">
    /// It failed; if it may have been done, its bumps are owed now and will be made up for.
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

    /// <summary>Counts a mutation that was sent without its bumps, because its key matched a rule only afterwards.</summary>
    /// <exception cref="MemcachedException">It failed; the bumps are owed now and will be made up for.</exception>
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

    /// <summary>A mutation was not answered, or sent without its bumps and not answered: they are owed.</summary>
    public void Owe(KeyHash hash, ReadOnlyMemory<byte> key)
    {
        ledger.Unanswered(hash.Segment, key);
        if (!context.HasCounters)
        {
            context.Announcer.Announce(ledger.Gate.IdentityHash, hash.Segment, key, version: null);
        }

        context.Logger.DebtLeft(server.Name, hash.Segment);
        ledger.Due.Call();
    }

    private void Answered(int segment, ReadOnlyMemory<byte> key, ActiveRule? rule, long? closedFrom, long? m, long? n)
    {
        ledger.Answered(segment, key, m, n);
        if (m is not { } ofSegment || n is not { } ofServer)
        {
            ledger.Due.Call();
        }
        else if (context.IsShared)
        {
            Tell(segment, key, rule, closedFrom, new MutationVersion(ofServer, ofSegment));
        }
    }

    private void Tell(int segment, ReadOnlyMemory<byte> key, ActiveRule? rule, long? closedFrom, MutationVersion version)
    {
        if (!context.HasCounters)
        {
            // Nobody else can find out: also what is counted only because the rules are not known for certain.
            if (rule is not null && IsClosedEverywhere(rule, closedFrom))
            {
                return;
            }

            rule?.Counters.Announced();
            context.Announcer.Announce(ledger.Gate.IdentityHash, segment, key, version: null);
            return;
        }

        _log.Leave(version.N, new LogRecord(segment, version.M, key));

        // A key that is counted only because the rules are not known, or not known to be gone everywhere, costs ZooKeeper nothing; nor does
        // one that is written too fast.
        if (rule?.TakeAnnouncement() == true)
        {
            rule.Counters.Announced();
            context.Announcer.Announce(ledger.Gate.IdentityHash, segment, key, version);
        }
    }

    // The view first: while it is fresh, this process has seen what ended a stop, or the others do not fill yet. The same stop must have
    // stood since before the write was sent, for the rule was matched then.
    private bool IsClosedEverywhere(ActiveRule rule, long? closedFrom)
    {
        var now = context.Clock.Now();
        return view().IsFresh(now) && closedFrom is { } from && now.Monotonic - context.ClosedAfter >= from && rule.ClosedFrom == from;
    }
}
