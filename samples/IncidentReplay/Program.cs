using System.Globalization;
using IncidentReplay;

if (ReplaySettings.Read(args) is not { } settings)
{
    Console.WriteLine(ReplaySettings.Usage);
    return 1;
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{(settings.RabbitMq is null ? "Three" : "Four")} runs of {settings.Seconds} s each against "
        + $"ZooKeeper {settings.ZooKeeper} and memcached {settings.Memcached}."));
var runs = new List<ScenarioResult>();
foreach (var scenario in settings.RabbitMq is null ? Scenario.All : [.. Scenario.All, Scenario.WithRabbitMq])
{
    runs.Add(await Replay.PlayAsync(scenario, settings));
}

Console.WriteLine();
LiveTable.Summarize(runs);
await File.WriteAllTextAsync(settings.Report, Report.Html(runs, settings));
Console.WriteLine($"\nThe report with charts: {Path.GetFullPath(settings.Report)}");
return 0;
