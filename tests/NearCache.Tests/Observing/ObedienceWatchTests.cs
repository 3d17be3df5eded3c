using NearCache.Observing;
using NearCache.TestSupport;

namespace NearCache.Tests.Observing;

public sealed class ObedienceWatchTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_ends_when_every_process_has_obeyed()
    {
        var reads = 0;
        var watch = new ObedienceWatch(_ => Read(("a", true), ("b", ++reads > 2)), _time);

        var obedience = await RunAsync(watch.WaitAsync(TimeSpan.FromSeconds(10), null, CancellationToken.None));

        Assert.True(obedience.Value!.IsComplete);
        Assert.Equal(3, reads);
        Assert.Equal(["pod-a (pid 7)", "pod-b (pid 7)"], obedience.Value.Obeyed.Select(process => process.ToString()));
    }

    [Fact]
    public async Task At_the_end_of_the_time_it_names_those_that_have_not_and_those_that_cannot_say()
    {
        var reads = 0;
        var watch = new ObedienceWatch(
            _ =>
            {
                reads++;
                return Read(("a", true), ("b", false), ("c", null));
            },
            _time);

        var obedience = await RunAsync(watch.WaitAsync(TimeSpan.FromSeconds(10), null, CancellationToken.None));

        Assert.False(obedience.Value!.IsComplete);
        Assert.Equal(11, reads);
        Assert.Equal("b", Assert.Single(obedience.Value.NotYet).Id);
        Assert.Equal("process c: no report (version 0.9)", Assert.Single(obedience.Value.CannotSay).ToString());
    }

    [Fact]
    public async Task Silent_processes_and_older_versions_are_named_at_once_and_not_waited_for()
    {
        var (reads, seen) = (0, new List<FleetObedience>());
        var watch = new ObedienceWatch(
            _ => Task.FromResult(ObedienceWatch.Judge(
                new FleetReports
                {
                    Processes =
                    [
                        Report("a", ProcessReportStatus.Live, ++reads > 2 ? ["one"] : []),
                        Report("b", ProcessReportStatus.Silent),
                        new ProcessReport { Id = "c", Status = ProcessReportStatus.NoReport },
                    ],
                    Servers = [],
                },
                summary => summary.HasApplied("one"))),
            _time);

        var obedience = await RunAsync(
            watch.WaitAsync(TimeSpan.FromMinutes(5), seen.Add, CancellationToken.None));

        Assert.Equal((3, 3), (reads, seen.Count));
        Assert.Equal(["pod-b (pid 7): silent for 40 s", "process c: no report (version unknown)"],
            seen[0].CannotSay.Select(process => process.ToString()));
        Assert.False(obedience.Value!.IsComplete);
        Assert.Equal("a", Assert.Single(obedience.Value.Obeyed).Id);
    }

    [Fact]
    public async Task A_member_whose_report_may_be_lost_is_waited_for()
    {
        var reads = 0;
        var watch = new ObedienceWatch(
            _ => Task.FromResult(ObedienceWatch.Judge(
                new FleetReports
                {
                    Processes =
                    [
                        ++reads < 4 ? new ProcessReport { Id = "a", Status = ProcessReportStatus.NoReport }
                            : Report("a", ProcessReportStatus.Live, ["one"]),
                    ],
                    Servers = [new ReportServer { Name = "cache-1", Reports = 0, Unreadable = 0, Problem = "reports lost" }],
                },
                summary => summary.HasApplied("one"))),
            _time);

        var obedience = await RunAsync(watch.WaitAsync(TimeSpan.FromSeconds(10), null, CancellationToken.None));

        Assert.True(obedience.Value!.IsComplete);
        Assert.Equal(4, reads);
    }

    [Fact]
    public async Task Without_a_wait_it_reads_once_and_what_cannot_be_read_is_unknown()
    {
        var unknown = await new ObedienceWatch(
            _ => Task.FromResult(Observed<FleetObedience>.Missing("memcached is down")), _time)
            .WaitAsync(TimeSpan.Zero, null, CancellationToken.None);

        Assert.Equal("memcached is down", unknown.Unknown);
    }

    [Fact]
    public void A_silent_process_cannot_say_unless_it_had_obeyed_and_an_ended_one_is_not_asked()
    {
        var reports = new FleetReports
        {
            Processes =
            [
                Report("a", ProcessReportStatus.Silent, stops: ["one"]), Report("b", ProcessReportStatus.Silent),
                Report("c", ProcessReportStatus.Ended), Report("d", ProcessReportStatus.Live, stops: ["two"], count: 9),
                Report("e", ProcessReportStatus.Live, stops: ["two"]),
            ],
            Servers = [new ReportServer { Name = "cache-1", Reports = 0, Unreadable = 0, Problem = "not read: down" }],
            MembersUnknown = "ZooKeeper is down",
        };

        var obedience = ObedienceWatch.Judge(reports, summary => summary.HasApplied("one")).Value!;

        Assert.Equal("a", Assert.Single(obedience.Obeyed).Id);
        Assert.Equal("e", Assert.Single(obedience.NotYet).Id);
        Assert.Equal(
            [("b", "silent for 40 s"), ("d", "it has more stops than its report has room for")],
            obedience.CannotSay.Select(process => (process.Id, process.Reason!)));
        Assert.Equal("processes without a report are not listed: ZooKeeper is down; cache-1: not read: down", obedience.Unlisted);
    }

    private static Task<Observed<FleetObedience>> Read(params (string Id, bool? HasObeyed)[] processes) =>
        Task.FromResult(ObedienceWatch.Judge(
            new FleetReports
            {
                Processes =
                [
                    .. processes.Select(process => process.HasObeyed is { } obeyed
                        ? Report(process.Id, ProcessReportStatus.Live, obeyed ? ["one"] : [])
                        : new ProcessReport
                        {
                            Id = process.Id,
                            Status = ProcessReportStatus.NoReport,
                            Member = new FleetMember { Id = process.Id, Version = "0.9" },
                        }),
                ],
                Servers = [],
            },
            summary => summary.HasApplied("one")));

    private static ProcessReport Report(string id, ProcessReportStatus status, string[]? stops = null, int? count = null) => new()
    {
        Id = id,
        Status = status,
        Age = TimeSpan.FromSeconds(status == ProcessReportStatus.Silent ? 40 : 1),
        Summary = new ProcessSummary
        {
            Id = id,
            Namespace = "shop",
            Host = "pod-" + id,
            ProcessId = 7,
            Version = "1.0",
            StartedAt = DateTimeOffset.UnixEpoch,
            Starts = 1,
            State = ProcessState.Running,
            Stops = count ?? stops?.Length ?? 0,
            StopHashes = [.. (stops ?? []).Select(ProcessSummary.HashOfStop)],
        },
    };

    private async Task<T> RunAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await PoolTurns.PassAsync();
        }

        return await task;
    }
}
