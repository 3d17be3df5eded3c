using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The work of a process with one server: its audits and its writes.</summary>
internal sealed class ServerLoop<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    private readonly SimulatedProcess<TProtocol> _process;
    private readonly ServerAuditor<TProtocol> _auditor;
    private bool _busy;
    private int _timer;

    public ServerLoop(
        int index, ServerLedger<TProtocol> ledger, SimulatedConnection connection, SimulatedProcess<TProtocol> process, Random random)
    {
        (Index, Ledger, Connection, _process) = (index, ledger, connection, process);
        _auditor = new ServerAuditor<TProtocol>(ledger, 1000, random);
    }

    public int Index { get; }

    public ServerLedger<TProtocol> Ledger { get; }

    public SimulatedConnection Connection { get; }

    /// <summary>Gets the number of flushed segments by reason.</summary>
    public Dictionary<FlushReason, int> Flushes { get; } = [];

    public int Audits { get; private set; }

    public void Reconnected()
    {
        _auditor.AuditNow();
        Pump();
    }

    public void Pump()
    {
        if (_busy)
        {
            return;
        }

        var now = _process.Now;
        var step = _auditor.Next(now, _process.ExplanationTime);
        _busy = true;
        switch (step.Kind)
        {
            case AuditStepKind.Wait:
                _busy = false;
                var timer = ++_timer;
                _process.AtMonotonic(step.Until, () =>
                {
                    if (timer == _timer)
                    {
                        Pump();
                    }
                });
                break;
            case AuditStepKind.CreateCounters:
                Ask(
                    [
                        .. Enumerable.Range(0, KeyHash.Segments).Select(segment => new Command(CommandKind.CreateSegment, segment)),
                        new Command(CommandKind.CreateTotal),
                    ],
                    _ => Ledger.CountersCreated());
                break;
            case AuditStepKind.Audit:
                Audits++;
                var audit = Ledger.SendingAudit(now, step.Segment);
                Ask([new Command(CommandKind.ReadTotal), new Command(CommandKind.ReadSegment, step.Segment)], replies =>
                    Note(Ledger.AuditAnswered(audit, replies[0].Number, replies[1].Number, true, _process.Now)));
                break;
            case AuditStepKind.ReadLogs:
                Ask([.. step.Logs!.Select(n => new Command(CommandKind.GetLog, n))], replies => LogsRead(step.Logs!, replies));
                break;
            case AuditStepKind.Flush:
                var flush = Ledger.SendingFlush(now);
                Ask([.. FlushPlan<TProtocol>.Order.Select(counter => counter == FlushPlan<TProtocol>.Total
                        ? new Command(CommandKind.ReadTotal)
                        : new Command(CommandKind.ReadSegment, counter))],
                    replies => Flushed(flush, replies, step.Reason));
                break;
            default:
                SendOwedBump(System.Numerics.BitOperations.TrailingZeroCount(step.Segments));
                break;
        }
    }

    public void Write(Write write, bool remove)
    {
        if (!Connection.IsUp)
        {
            return;
        }

        var segment = Keyspace.Hashes[write.Key].Segment;
        var order = MutationPlan<TProtocol>.Order;
        List<Command> commands = [.. order.Select(command => command switch
        {
            MutationCommand.Mutate => new Command(remove ? CommandKind.Remove : CommandKind.Set, write.Key, Write: write),
            MutationCommand.BumpSegment => new Command(CommandKind.BumpSegment, segment, Write: write),
            _ => new Command(CommandKind.BumpTotal, Write: write),
        })];
        Connection.Send(commands, replies =>
        {
            _process.Void(write.Key);
            long? Answer(MutationCommand command) => replies?[order.ToList().IndexOf(command)].Number;
            var (m, n) = (Answer(MutationCommand.BumpSegment), Answer(MutationCommand.BumpTotal));
            _process.Tell($"write of key {write.Key} answered: n {n} m {m}");
            Note(Ledger.MutationAnswered(segment, replies is not null, m, n));
            Ledger.Settle(_process.Now);
            if (m is null || n is null)
            {
                Owed(write, segment);
            }
            else
            {
                if (!_process.LosesLog())
                {
                    Connection.Send(
                        [new Command(CommandKind.SetLog, n.Value, new LogRecord(segment, m.Value, Keyspace.Names[write.Key]))], _ => { });
                }

                _process.Announce(this, write.Key, new MutationVersion(n.Value, m.Value));
            }
        });
    }

    private void SendOwedBump(int segment)
    {
        var owed = Ledger.OwedBumps.Owed(segment);
        Ask([new Command(CommandKind.BumpSegment, segment), new Command(CommandKind.BumpTotal)], replies =>
        {
            Note(Ledger.OwedBumpSent(segment, owed, replies[0].Number, replies[1].Number));
            Ledger.Settle(_process.Now);
        });
    }

    // A write that was executed without all of its increments counts as complete as soon as nothing is owed. One that is executed later
    // never does.
    private void Owed(Write write, int segment)
    {
        if (write.Version == 0 || write.Remaining == 0)
        {
            return;
        }

        _process.AtMonotonic(_process.Now.Monotonic + 200, () =>
        {
            if ((Ledger.OwedBumps.Segments >> segment & 1) != 0 || !Connection.IsUp)
            {
                Owed(write, segment);
            }
            else
            {
                _process.MadeUp(write);
            }
        });
    }

    private void LogsRead(IReadOnlyList<long> logs, IReadOnlyList<Reply> replies)
    {
        var all = true;
        for (var index = 0; index < logs.Count; index++)
        {
            if (replies[index].Record is { } record)
            {
                Ledger.Receive(logs[index], record, _process);
            }
            else
            {
                all = false;
            }
        }

        Ledger.Settle(_process.Now);
        _auditor.LogsRead(_process.Now, all);
    }

    private void Flushed(PendingRead flush, IReadOnlyList<Reply> replies, FlushReason reason)
    {
        var order = FlushPlan<TProtocol>.Order;
        long? total = null;
        var segments = new long?[KeyHash.Segments];
        for (var index = 0; index < order.Count; index++)
        {
            if (order[index] == FlushPlan<TProtocol>.Total)
            {
                total = replies[index].Number;
            }
            else
            {
                segments[order[index]] = replies[index].Number;
            }
        }

        Note(Ledger.Flushed(flush, total, segments, true, reason, _process.Now));
    }

    private void Ask(IReadOnlyList<Command> commands, Action<IReadOnlyList<Reply>> answered) =>
        Connection.Send(commands, replies =>
        {
            _busy = false;
            if (replies is null)
            {
                _auditor.Failed(_process.Now);
            }
            else
            {
                answered(replies);
            }

            Pump();
        });

    private void Note(AuditEffect effect)
    {
        if (effect != default)
        {
            _process.Tell($"server {Index}: {effect.Reason}, raised {effect.Raised:x}, confirmed {effect.Confirmed}, known "
                + $"{Ledger.Counters.Total.Known}");
        }

        if (effect.Raised != 0)
        {
            Flushes[effect.Reason] = Flushes.GetValueOrDefault(effect.Reason) + effect.RaisedCount;
        }
    }
}
