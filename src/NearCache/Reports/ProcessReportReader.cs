using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;

namespace NearCache.Reports;

/// <summary>Reads the reports of all processes of a namespace: one round trip to each server. Writes nothing.</summary>
/// <remarks>
/// Whatever the servers hold, a read is bounded: at most <see cref="ReportNames.MaxPlaces"/> places of a server, and
/// <see cref="ReportNames.MaxSummary"/> bytes of each. Keeps between two reads which places were in use on each server and in which life,
/// so that it reads all places at once and notices a server that has lost its reports.
/// </remarks>
/// <param name="namespace">The namespace.</param>
/// <param name="servers">Returns the present servers.</param>
internal sealed class ProcessReportReader(string @namespace, Func<IEnumerable<IRemoteServer>> servers)
{
    /// <summary>The age from which a process is silent. Reports are stored every few seconds; their age is in whole seconds.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(20);

    // The places that a first read covers at once.
    private const int FirstPlaces = 64;

    // The details in one request: at most half a megabyte of replies.
    private const int DetailsInRequest = 64;

    private readonly ReportNames _names = new(@namespace);
    private readonly Lock _lock = new();   // guards what is known of the servers
    private readonly Dictionary<string, Known> _known = [];

    /// <summary>Reads all summaries.</summary>
    /// <param name="members">
    /// The members of the namespace; those without a report are listed as such. Null if they are not known.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait; commands already queued may still be executed.</param>
    public async Task<FleetReports> ReadAsync(IEnumerable<FleetMember>? members = null, CancellationToken cancellationToken = default)
    {
        var asked = servers().DistinctBy(server => server.Name).ToArray();
        var found = await Task.WhenAll(asked.Select(server => ReadAsync(server, cancellationToken))).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var gone in _known.Keys.Except(asked.Select(server => server.Name)).ToArray())
            {
                _known.Remove(gone);
            }
        }

        return new FleetReports
        {
            Processes = Merge(found, members ?? []),
            Servers = [.. found.Select(server => new ReportServer
            {
                Name = server.Server,
                Reports = server.Reports.Count,
                Unreadable = server.Unreadable,
                Problem = server.Problem,
            })],
        };
    }

    /// <summary>Reads the detail of one process from the servers that may hold it. Returns null if none does.</summary>
    /// <param name="id">The <see cref="ProcessSummary.Id"/> of the process.</param>
    /// <param name="cancellationToken">Cancels the wait; commands already queued may still be executed.</param>
    public async Task<ProcessDetail?> ReadDetailAsync(string id, CancellationToken cancellationToken = default) =>
        (await ReadDetailsAsync([id], cancellationToken).ConfigureAwait(false)).GetValueOrDefault(id);

    /// <summary>Reads the details of processes, many in each request. A process of which no server has one is not in the result.</summary>
    /// <param name="ids">The <see cref="ProcessSummary.Id"/> of each process.</param>
    /// <param name="cancellationToken">Cancels the wait; commands already queued may still be executed.</param>
    public async Task<IReadOnlyDictionary<string, ProcessDetail>> ReadDetailsAsync(
        IEnumerable<string> ids, CancellationToken cancellationToken = default)
    {
        var asked = servers().DistinctBy(server => server.Name).ToArray();
        var byHolder = ids
            .Where(id => id.Length == 32 && id.All(char.IsAsciiHexDigit))
            .SelectMany(id => ReportServers.Of(id, asked, server => server.Name).Select(server => (server, id)))
            .GroupBy(held => held.server, held => held.id);
        var details = await Task.WhenAll(byHolder.Select(held => ReadDetailsAsync(held.Key, [.. held], cancellationToken)))
            .ConfigureAwait(false);
        return details.SelectMany(found => found).GroupBy(detail => detail.Id).ToDictionary(
            copies => copies.Key, copies => copies.MinBy(copy => copy.Age)!);
    }

    private async Task<IReadOnlyList<ProcessDetail>> ReadDetailsAsync(
        IRemoteServer server, string[] ids, CancellationToken cancellationToken)
    {
        var details = new List<ProcessDetail>();
        foreach (var some in ids.Chunk(DetailsInRequest))
        {
            var (replies, _) = await TryExecuteAsync(
                server,
                [.. some.Select(id => MetaCommand.Get(_names.Detail(id), MetaFields.Value | MetaFields.TimeToLive))],
                ReportNames.MaxDetail,
                cancellationToken).ConfigureAwait(false);
            if (replies is null)
            {
                break;
            }

            details.AddRange(some.Zip(replies)
                .Select(pair => pair.Second.Status == MetaStatus.Ok && AgeOf(pair.Second) is { } age
                    && DetailFormat.TryRead(pair.Second.Value, age) is { } detail && detail.Id == pair.First ? detail : null)
                .OfType<ProcessDetail>());
        }

        return details;
    }

    private static TimeSpan? AgeOf(in MetaResponse item) =>
        item.TimeToLive is >= 0 and <= ReportNames.Lifetime ? TimeSpan.FromSeconds(ReportNames.Lifetime - item.TimeToLive) : null;

    // Of the reports of one process, the newest counts. A report with the starts of a later process of the same pod replaces the earlier.
    private static IReadOnlyList<ProcessReport> Merge(ServerReports[] found, IEnumerable<FleetMember> members)
    {
        var byId = members.DistinctBy(member => member.Id).Take(ReportNames.MaxPlaces).ToDictionary(member => member.Id);
        var reports = found
            .SelectMany(server => server.Reports.Select(report => (server.Server, report.Summary, report.Age)))
            .GroupBy(report => report.Summary.Id)
            .Select(copies =>
            {
                var newest = copies.MinBy(copy => copy.Age);
                return new ProcessReport
                {
                    Id = copies.Key,
                    Status = newest.Summary.State == ProcessState.Ended ? ProcessReportStatus.Ended
                        : newest.Age >= SilentAfter ? ProcessReportStatus.Silent : ProcessReportStatus.Live,
                    Summary = newest.Summary,
                    Age = newest.Age,
                    Member = byId.GetValueOrDefault(copies.Key),
                    Servers = [.. copies.Select(copy => copy.Server).Distinct()],
                };
            })
            .ToList();
        var reported = reports.Select(report => report.Id).ToHashSet();
        var silent = byId.Values.Where(member => !reported.Contains(member.Id))
            .Select(member => new ProcessReport { Id = member.Id, Status = ProcessReportStatus.NoReport, Member = member });
        return
        [
            .. reports.Concat(silent)
                .OrderBy(report => report.Summary?.Pod ?? report.Summary?.Host ?? report.Member?.Host, StringComparer.Ordinal)
                .ThenBy(report => report.Summary?.StartedAt)
                .ThenBy(report => report.Id, StringComparer.Ordinal),
        ];
    }

    private async Task<ServerReports> ReadAsync(IRemoteServer server, CancellationToken cancellationToken)
    {
        Known known;
        lock (_lock)
        {
            known = _known.GetValueOrDefault(server.Name, new Known(FirstPlaces, null, 0));
        }

        var commands = new List<MetaCommand>(known.Places + 1)
        {
            MetaCommand.Get(_names.Places, MetaFields.Value),
        };
        commands.AddRange(Places(0, known.Places));
        var (replies, failure) = await TryExecuteAsync(server, [.. commands], ReportNames.MaxSummary, cancellationToken)
            .ConfigureAwait(false);
        if (replies is null)
        {
            return new ServerReports(server.Name, [], 0, failure);
        }

        var hasBound = PlacesItem.TryRead(replies[0].Status == MetaStatus.Ok ? replies[0].Value : default, out var bound);
        var (reports, unreadable, highest) = Parse(replies.Skip(1), 0);
        if (bound.Places > known.Places)
        {
            // More places are in use than at the last read.
            (replies, failure) = await TryExecuteAsync(
                server, [.. Places(known.Places, bound.Places)], ReportNames.MaxSummary, cancellationToken).ConfigureAwait(false);
            var (more, moreUnreadable, moreHighest) = Parse(replies ?? [], known.Places);
            (reports, unreadable, highest) = ([.. reports, .. more], unreadable + moreUnreadable, Math.Max(highest, moreHighest));
        }

        // A bound that was lost, or set too low, hides no report that was seen before.
        var places = Math.Clamp(Math.Max(bound.Places, highest + 1), FirstPlaces, ReportNames.MaxPlaces);
        var isLost = known.Life is { } life && (!hasBound || bound.Life != life);
        lock (_lock)
        {
            _known[server.Name] = new Known(places, hasBound ? bound.Life : known.Life, reports.Count);
        }

        return new ServerReports(
            server.Name, reports, unreadable, failure ?? (isLost ? $"reports lost: {server.Name} restarted, or was flushed" : null));
    }

    private IEnumerable<MetaCommand> Places(int first, int end) =>
        Enumerable.Range(first, end - first)
            .Select(place => MetaCommand.Get(_names.Place(place), MetaFields.Value | MetaFields.TimeToLive | MetaFields.Size));

    private (List<(ProcessSummary Summary, TimeSpan Age)> Reports, int Unreadable, int Highest) Parse(
        IEnumerable<MetaResponse> replies, int first)
    {
        var reports = new List<(ProcessSummary, TimeSpan)>();
        var (unreadable, highest, place) = (0, -1, first - 1);
        foreach (var item in replies)
        {
            place++;
            if (item.Status != MetaStatus.Ok)
            {
                continue;
            }

            if (item.Size <= ReportNames.MaxSummary
                && AgeOf(item) is { } age
                && SummaryFormat.TryRead(item.Value, _names.Namespace) is { } summary)
            {
                reports.Add((summary, age));
                highest = place;
            }
            else
            {
                unreadable++;
            }
        }

        return (reports, unreadable, highest);
    }

    private static async Task<(IReadOnlyList<MetaResponse>? Replies, string? Failure)> TryExecuteAsync(
        IRemoteServer server, MetaCommand[] commands, int maxValueBytes, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await server.ReadAsync(commands, maxValueBytes).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            return (reply.Responses, null);
        }
        catch (MemcachedException e)
        {
            return (null, $"not read: {e.Message}");
        }
        catch (ObjectDisposedException)
        {
            return (null, "not read: the client is disposed, or the server was removed from the list.");
        }
    }

    // What is known of the reports on one server from the last read.
    private readonly record struct Known(int Places, string? Life, int Reports);

    private sealed record ServerReports(
        string Server, List<(ProcessSummary Summary, TimeSpan Age)> Reports, int Unreadable, string? Problem);
}
