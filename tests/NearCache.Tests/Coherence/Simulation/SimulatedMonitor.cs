using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Monitoring.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The monitor of a simulated process: the real checks, at many times the real rate.</summary>
internal sealed class SimulatedMonitor<TProtocol>(
    SimulatedProcess<TProtocol> process, Schedule schedule, Profile profile, MonitorTotals totals, Random random)
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>Gets the first violation.</summary>
    public string? Violation { get; private set; }

    public void Start() => schedule.After(random.Next(2 * profile.MicrosecondsBetweenChecks), () =>
    {
        process.Post(Sample);
        if (!process.IsDead)
        {
            Start();
        }
    });

    private void Sample()
    {
        var key = random.Next(Keyspace.Count);
        var ledger = process.ServerOf(key).Ledger;
        if (process.Find(key) is { } entry && process.StateOf(key, entry) == HitState.Served && ledger.IsKnown)
        {
            var check = new HitCheck(process.Now.Monotonic, entry.Cas, ledger.Counters.Total.HighestExplained);
            Advance(check, key, entry, ledger.Life);
        }
    }

    private void Advance(HitCheck check, int key, NearItem entry, long life)
    {
        var server = process.ServerOf(key);
        while (true)
        {
            var now = process.Now.Monotonic;
            if (!server.Ledger.IsKnown || server.Ledger.Life != life)
            {
                check.End();
            }

            var step = check.Next(now);
            switch (step.Kind)
            {
                case CheckStepKind.Done:
                    totals.Add(check.Outcome!.Value, check.Bucket);
                    if (check.Outcome == CheckOutcome.Violation)
                    {
                        Violation ??= $"process {process.Number} at {schedule.Now / 1000.0} ms: key {key}, mutation {check.Mutation}";
                    }

                    return;
                case CheckStepKind.Wait:
                    process.AtMonotonic(step.Until, () => Advance(check, key, entry, life));
                    return;
                case CheckStepKind.Look:
                    check.Looked(process.StateOf(key, entry), profile.MaxStaleness, now);
                    break;
                case CheckStepKind.Read:
                    Send([new Command(CommandKind.Get, key), new Command(CommandKind.ReadTotal)], replies =>
                        check.Answered(
                            replies[0].Number is null ? null : replies[0].Cas, replies[1].Number, process.Now.Monotonic));
                    return;
                default:
                    Send([.. step.Logs!.Select(n => new Command(CommandKind.GetLog, n))], replies =>
                    {
                        var found = step.Logs!
                            .Where((_, i) => replies[i].Record is { } record && Keyspace.IndexOf(record.Key.Span) == key)
                            .Max(n => (long?)n);
                        check.LogsRead(found, process.Now.Monotonic);
                    });
                    return;
            }
        }

        void Send(IReadOnlyList<Command> commands, Action<IReadOnlyList<Reply>> answered) =>
            server.Connection.Send(commands, replies =>
            {
                if (replies is null)
                {
                    check.End();
                }
                else
                {
                    answered(replies);
                }

                Advance(check, key, entry, life);
            });
    }
}
