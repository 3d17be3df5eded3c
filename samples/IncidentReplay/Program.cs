using System.Globalization;
using IncidentReplay;

if (Settings.Read(args) is not { } settings)
{
    Console.WriteLine(Settings.Usage);
    return 1;
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Three runs of {settings.Seconds} s each against ZooKeeper {settings.ZooKeeper} and memcached {settings.Memcached}."));
var runs = new List<Run>();
foreach (var story in Story.All)
{
    runs.Add(await Replay.PlayAsync(story, settings));
}

Console.WriteLine();
LiveTable.Summarize(runs);
await File.WriteAllTextAsync(settings.Report, Report.Html(runs, settings));
Console.WriteLine($"\nThe report with charts: {Path.GetFullPath(settings.Report)}");
return 0;
