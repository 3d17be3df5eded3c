using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Observing;

/// <summary>Follows the counted writes of all servers by the log records that processes leave there.</summary>
/// <param name="names">The keys of the namespace.</param>
/// <param name="servers">The servers.</param>
/// <param name="reports">Reads the reports, which name the writers.</param>
/// <param name="observation">Reads parts of answers.</param>
/// <param name="time">The clock.</param>
internal sealed class WriteWatch(
    CounterNames names,
    IReadOnlyList<ObservedServer> servers,
    Func<CancellationToken, Task<Observed<FleetReports>>> reports,
    Observation observation,
    TimeProvider time)
{
    /// <summary>The most records of a server that are read at once; further ones are only counted.</summary>
    public const int MostRecords = 512;

    private const int InGroup = 128;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns the writes from now on, in the order of each server, half a second to a second after they were made.</summary>
    public async IAsyncEnumerable<FleetWrites> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ranges = servers.Select(_ => new WriteRange()).ToArray();
        var writers = new Writers(reports, time);
        while (true)
        {
            var looks = await Task.WhenAll(servers.Zip(ranges, (server, range) => LookAsync(server, range, writers, cancellationToken)))
                .ConfigureAwait(false);
            foreach (var look in looks.Where(look => look is { Problem: not null } or { Writes.Count: > 0 } or { Skipped: > 0 }))
            {
                yield return look;
            }

            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<FleetWrites> LookAsync(ObservedServer server, WriteRange range, Writers writers, CancellationToken cancellationToken)
    {
        var total = await observation.OfAsync(server.Name, _ => TotalAsync(server), cancellationToken).ConfigureAwait(false);
        if (!total.IsKnown && total.Unknown is not null)
        {
            // What is written meanwhile is read when the server answers again.
            return new FleetWrites { Server = server.Name, Problem = total.Unknown };
        }

        var (from, to, skipped) = range.Next(total.Value);
        if (from > to)
        {
            return new FleetWrites { Server = server.Name };
        }

        var writes = await observation.OfAsync(server.Name, token => RecordsAsync(server, from, to, writers, token), cancellationToken)
            .ConfigureAwait(false);
        return new FleetWrites
        {
            Server = server.Name,
            Writes = writes.Value ?? [],
            Skipped = skipped + (writes.IsKnown ? 0 : to - from + 1),
            Problem = writes.Unknown,
        };
    }

    private async Task<long?> TotalAsync(ObservedServer server) => AuditCommands.Counter(
        (await server.ExecuteAsync(new[] { MetaCommand.Get(names.Total) }).ConfigureAwait(false)).Responses[0]);

    private async Task<IReadOnlyList<FleetWrite>> RecordsAsync(
        ObservedServer server, long from, long newest, Writers writers, CancellationToken cancellationToken)
    {
        List<FleetWrite> writes = [];
        for (var first = from; first <= newest; first += InGroup)
        {
            MetaCommand[] reads =
            [
                .. Enumerable.Range(0, (int)Math.Min(InGroup, newest - first + 1)).Select(i =>
                    MetaCommand.Get(names.Log(first + i), MetaFields.Value | MetaFields.ClientFlags) with { IsPeek = true }),
            ];
            var replies = (await server.ExecuteAsync(reads).ConfigureAwait(false)).Responses;
            for (var i = 0; i < replies.Count; i++)
            {
                var hasRecord = replies[i].Status == MetaStatus.Ok & LogRecord.TryDecode(replies[i].Value.Span, out var record);
                writes.Add(new FleetWrite
                {
                    Number = first + i,
                    Key = hasRecord ? StrictUtf8.Encoding.GetString(record.Key.Span) : null,
                    Segment = hasRecord ? record.Segment : null,
                    Writer = hasRecord
                        ? await writers.NameAsync(new WriterId(replies[i].ClientFlags), cancellationToken).ConfigureAwait(false)
                        : new DiagnosedWriter(),
                });
            }
        }

        return writes;
    }

    // Names writers by the reports, which are read again for an unknown writer, at most every ten seconds.
    private sealed class Writers(Func<CancellationToken, Task<Observed<FleetReports>>> reports, TimeProvider time)
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
        private Dictionary<WriterId, DiagnosedWriter> _known = [];
        private long? _readAt;

        public async ValueTask<DiagnosedWriter> NameAsync(WriterId id, CancellationToken cancellationToken)
        {
            if (!id.IsKnown)
            {
                return new DiagnosedWriter();
            }

            if (!_known.ContainsKey(id) && (_readAt is not { } at || time.GetElapsedTime(at) >= Interval))
            {
                _readAt = time.GetTimestamp();
                var read = await reports(cancellationToken).ConfigureAwait(false);

                // A short id of two processes names neither.
                _known = (read.Value?.Processes ?? [])
                    .Where(process => process.Summary is not null)
                    .GroupBy(process => WriterId.Of(process.Id))
                    .Where(same => same.Count() == 1)
                    .ToDictionary(same => same.Key, same => Describe(same.Key, same.Single().Summary!));
            }

            return _known.GetValueOrDefault(id) ?? new DiagnosedWriter { ShortId = id.ToString() };
        }

        private static DiagnosedWriter Describe(WriterId id, ProcessSummary summary) => new()
        {
            ShortId = id.ToString(),
            Id = summary.Id,
            Host = summary.Host,
            Pod = summary.Pod,
            ProcessId = summary.ProcessId,
        };
    }
}

/// <summary>Decides which records of a server are read at each look.</summary>
internal sealed class WriteRange
{
    private long? _read;   // the last record that was read, or need not be
    private long? _total;   // the total of the last look

    /// <summary>Returns the first and the last record to read now, and the number of those before that are left out.</summary>
    /// <remarks>
    /// A writer stores the record after the write. So the writes up to the total of the last look are read, and none that is younger.
    /// </remarks>
    /// <param name="total">The total; null if the server has no counters.</param>
    public (long From, long To, long Skipped) Next(long? total)
    {
        var last = _total;
        _total = total;
        if (total is not { } newest || last is not { } to || newest < to || _read is not { } read)
        {
            // The first look, or other counters: what comes from now on.
            _read = total;
            return (1, 0, 0);
        }

        var from = Math.Max(read + 1, to - WriteWatch.MostRecords + 1);
        _read = to;
        return (from, to, Math.Max(from - read - 1, 0));
    }
}
