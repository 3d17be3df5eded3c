using NearCache.Management.Core;
using NearCache.Management.Storage;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Management.Tests.Storage;

public sealed class HistoryStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-console-").FullName;
    private readonly ManualTime _time = new();
    private readonly LogRecorder _logs = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Minutes_and_changes_are_there_after_a_restart()
    {
        var store = Store();
        store.Append(Minute(5));
        store.Append(Change("locks\r\n\"<b>\u202e"));

        var again = Store();

        var day = Assert.Single(again.Days);
        var minute = Assert.Single(again.Read(day).Minutes);
        Assert.Equal((5.0, HealthLevel.Bad, _time.GetUtcNow()), (minute.Values[Series.NearReads], minute.Level, minute.At));
        Assert.Equal(Change("locks\r\n\"<b>\u202e"), Assert.Single(again.Read(day).Changes));
        Assert.Equal(2, File.ReadAllLines(Directory.GetFiles(Path.Combine(_folder, "shop")).Single()).Length);
    }

    [Fact]
    public void Days_that_are_too_old_go()
    {
        var store = Store(days: 7);
        for (var day = 0; day < 10; day++)
        {
            store.Append(Minute(day));
            _time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(7, store.Days.Count);
        Assert.Equal([9.0, 8, 7, 6, 5, 4, 3], store.Days.Select(day => store.Read(day).Minutes[0].Values[Series.NearReads]));
    }

    [Fact]
    public void The_bytes_are_bounded_whatever_is_stored()
    {
        const int Bound = 100_000;
        var store = Store(days: 7, bytes: Bound);
        for (var hour = 0; hour < 24 * 7; hour++)
        {
            for (var change = 0; change < 5; change++)
            {
                store.Append(Change(new string('x', 100)));
            }

            _time.Advance(TimeSpan.FromHours(1));
            Assert.InRange(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), 0, Bound);
        }

        Assert.NotEmpty(store.Days);
    }

    [Fact]
    public void Lines_that_a_crash_has_cut_off_and_files_of_others_are_left_out()
    {
        var store = Store();
        store.Append(Minute(1));
        var file = Directory.GetFiles(Path.Combine(_folder, "shop")).Single();
        File.AppendAllText(file, "{\"at\":\"2030-01-01T12:");
        File.WriteAllText(Path.Combine(_folder, "shop", "notes.jsonl"), "mine");

        Assert.Single(store.Read(store.Days[0]).Minutes);
        Assert.Single(store.Days);

        // The next process does not go on in the line that was cut off.
        Store().Append(Minute(2));
        Assert.Equal([1.0, 2.0], store.Read(store.Days[0]).Minutes.Select(minute => minute.Values[Series.NearReads]));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_the_history_and_one_line_in_the_log()
    {
        File.WriteAllText(Path.Combine(_folder, "shop"), "a file where a folder should be");
        var store = Store();
        store.Append(Minute(1));
        store.Append(Minute(2));

        Assert.Equal([4030], _logs.Ids);
        Assert.Empty(store.Days);
    }

    private HistoryStore Store(int days = 7, long bytes = 1_000_000) => new(_folder, "shop", days, bytes, _time, _logs);

    private HistoryPoint Minute(double reads) =>
        new(_time.GetUtcNow(), HealthLevel.Bad, new Dictionary<string, double> { [Series.NearReads] = reads });

    private Change Change(string subject) => new()
    {
        At = _time.GetUtcNow(),
        Kind = ChangeKind.Edit,
        Subject = subject,
        Text = "edited",
        Who = "alice",
        IsVerified = true,
        Why = "why",
        Revision = 2,
        Page = "rules",
    };
}
