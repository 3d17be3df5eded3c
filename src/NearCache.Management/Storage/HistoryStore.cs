using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NearCache.Management.Core;
using NearCache.Management.Diagnostics;

namespace NearCache.Management.Storage;

/// <summary>
/// Minute summaries and changes of one fleet in files, one for each day (UTC), a JSON object in each line. The files are bounded by days
/// and by bytes; a folder that cannot be written costs the history, and nothing else.
/// </summary>
internal sealed class HistoryStore
{
    private const string Pattern = "yyyy-MM-dd";
    private const string Extension = ".jsonl";

    private readonly string _folder;
    private readonly int _days;
    private readonly long _bytes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();   // guards the files
    private bool _isFailing;
    private bool _isWhole;   // whether this process has written the last line, to its end

    /// <param name="folder">The folder of all fleets.</param>
    /// <param name="context">The name of the fleet, which is that of its folder.</param>
    /// <param name="days">The days to keep.</param>
    /// <param name="bytes">The most bytes of the files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The logger.</param>
    public HistoryStore(string folder, string context, int days, long bytes, TimeProvider time, ILogger logger)
    {
        (_folder, _days, _bytes, _time, _logger) = (Path.Combine(folder, context), days, bytes, time, logger);
        Try(Trim);
    }

    /// <summary>Gets the days that have a file, the newest first.</summary>
    public IReadOnlyList<DateOnly> Days
    {
        get
        {
            IReadOnlyList<DateOnly> days = [];
            Try(() => days = [.. Files().Select(file => file.Day).OrderDescending()]);
            return days;
        }
    }

    /// <summary>Stores the summary of a minute.</summary>
    public void Append(HistoryPoint minute) => Write(new StoredLine
    {
        At = minute.At,
        Level = minute.Level,
        Values = new Dictionary<string, double>(minute.Values),
    });

    /// <summary>Stores a change.</summary>
    public void Append(Change change) => Write(new StoredLine { At = change.At, Level = change.Level, Change = change });

    /// <summary>Returns what is stored of a day, the oldest first.</summary>
    public StoredDay Read(DateOnly day)
    {
        var lines = Lines(day);
        return new StoredDay([.. Minutes(lines)], [.. Changes(lines)]);
    }

    /// <summary>Returns the stored minutes since a time.</summary>
    public IEnumerable<HistoryPoint> ReadMinutes(DateTimeOffset since) =>
        Minutes(DaysSince(since).SelectMany(Lines)).Where(minute => minute.At >= since);

    /// <summary>Returns the stored changes since a time.</summary>
    public IEnumerable<Change> ReadChanges(DateTimeOffset since) => Changes(DaysSince(since).SelectMany(Lines));

    private IEnumerable<DateOnly> DaysSince(DateTimeOffset since) =>
        Days.Where(day => day >= DateOnly.FromDateTime(since.UtcDateTime)).Order();

    private static IEnumerable<HistoryPoint> Minutes(IEnumerable<StoredLine> lines) => lines
        .Where(line => line.Values is not null)
        .Select(line => new HistoryPoint(line.At, line.Level, line.Values!))
        .OrderBy(minute => minute.At);

    private static IEnumerable<Change> Changes(IEnumerable<StoredLine> lines) =>
        lines.Select(line => line.Change).OfType<Change>().OrderBy(change => change.At);

    // A line that a crash has cut off is left out.
    private List<StoredLine> Lines(DateOnly day)
    {
        var lines = new List<StoredLine>();
        lock (_lock)
        {
            try
            {
                foreach (var text in File.ReadLines(PathOf(day)))
                {
                    if (TryRead(text) is { } line)
                    {
                        lines.Add(line);
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Failed(e, e is FileNotFoundException or DirectoryNotFoundException);
            }
        }

        return lines;
    }

    private static StoredLine? TryRead(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, StorageJson.Default.StoredLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Write(StoredLine line)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(line, StorageJson.Default.StoredLine);
        Try(() =>
        {
            _isWhole &= !_isFailing;
            Directory.CreateDirectory(_folder);
            using (var file = new FileStream(
                PathOf(DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime)), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            {
                // Another line than one that a crash or a full disk has cut off.
                file.Write(_isWhole || file.Position == 0 ? [.. text, (byte)'\n'] : [(byte)'\n', .. text, (byte)'\n']);
            }

            _isWhole = true;
            Trim();
            _isFailing = false;
        });
    }

    private void Try(Action change)
    {
        lock (_lock)
        {
            try
            {
                change();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Failed(e, isExpected: false);
            }
        }
    }

    // Removes days that are too old, and the oldest while there are too many bytes. A single day that is too large begins anew.
    private void Trim()
    {
        var oldest = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime).AddDays(-_days + 1);
        var bytes = 0L;
        foreach (var (path, day) in Files().OrderByDescending(file => file.Day))
        {
            bytes += new FileInfo(path).Length;
            if (day < oldest || bytes > _bytes)
            {
                File.Delete(path);
            }
        }
    }

    private IEnumerable<(string Path, DateOnly Day)> Files()
    {
        if (!Directory.Exists(_folder))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(_folder, "*" + Extension))
        {
            if (DateOnly.TryParseExact(
                Path.GetFileNameWithoutExtension(path), Pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                yield return (path, day);
            }
        }
    }

    private string PathOf(DateOnly day) => Path.Combine(_folder, day.ToString(Pattern, CultureInfo.InvariantCulture) + Extension);

    private void Failed(Exception exception, bool isExpected)
    {
        if (!isExpected && !_isFailing)
        {
            _isFailing = true;
            _logger.StorageFailed(_folder, exception.Message);
        }
    }
}
