using System.Globalization;
using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>The settings of the command line.</summary>
internal sealed record ReplaySettings
{
    public const string Usage =
        """
        dotnet run --project samples/ReleaseReplay -- [settings]

          --pods         12          2 to 30
          --rate         300         requests a second, at most 2000
          --seconds      40          how long each run lasts, 10 to 600
          --surge        2           pods above the wanted number during the release
          --unavailable  0           pods below it
          --runs         all         naive, nearcache, heavy, other, separated by commas
          --disturbances none        none, slow, restart, limit, half-open, bad-image, blocked-pool, or all
          --patience     1           1 to 20: how many times as long requests, probes and SIGTERM wait, for a slow or busy machine
          --memcached    memcached   the program; two servers are started
          --report       release-replay.html
          --program      PATH        a built ReleaseReplay.dll for the pods; without it the sample is published ReadyToRun first
        """;

    public ReplicaSettings Replicas { get; init; } = new(12, 2, 0);

    public int Rate { get; init; } = 300;

    public int Seconds { get; init; } = 40;

    public IReadOnlyList<Scenario> Scenarios { get; init; } = Scenario.All;

    public IReadOnlyList<Disturbance> Disturbances { get; init; } = [Disturbance.None];

    public int Patience { get; init; } = 1;

    public string Memcached { get; init; } = "memcached";

    public string Report { get; init; } = "release-replay.html";

    public string? Program { get; init; }

    /// <summary>Parses the command line. Returns null, and what is wrong, if it is invalid.</summary>
    public static ReplaySettings? Read(string[] args, out string mistake)
    {
        mistake = "";
        var settings = new ReplaySettings();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : -1;
            var next = args[i] switch
            {
                "--pods" when number is >= 2 and <= 30 => settings with { Replicas = settings.Replicas with { Pods = number } },
                "--surge" when number is >= 0 and <= 30 => settings with { Replicas = settings.Replicas with { Surge = number } },
                "--unavailable" when number is >= 0 and <= 30 =>
                    settings with { Replicas = settings.Replicas with { Unavailable = number } },
                "--rate" when number is > 0 and <= 2000 => settings with { Rate = number },
                "--seconds" when number is >= 10 and <= 600 => settings with { Seconds = number },
                "--patience" when number is >= 1 and <= 20 => settings with { Patience = number },
                "--runs" when Choose(value, Scenario.All, run => run.Name) is { } runs => settings with { Scenarios = runs },
                "--disturbances" when Choose(value, Disturbance.All, one => one.Name) is { } some => settings with { Disturbances = some },
                "--memcached" when value.Length > 0 => settings with { Memcached = value },
                "--report" when value.Length > 0 => settings with { Report = value },
                "--program" when File.Exists(value) => settings with { Program = value },
                _ => null,
            };
            if (next is null)
            {
                mistake = $"\"{args[i]} {value}\" is no setting, or its value is not possible.";
                return null;
            }

            settings = next;
        }

        if (settings.Replicas is { Surge: 0, Unavailable: 0 })
        {
            mistake = "With neither surge nor unavailable pods a release cannot proceed: raise --surge or --unavailable.";
            return null;
        }

        return settings;
    }

    private static List<T>? Choose<T>(string names, IReadOnlyList<T> all, Func<T, string> nameOf)
    {
        if (names == "all")
        {
            return [.. all];
        }

        var chosen = names.Split(',');
        return chosen.All(name => all.Any(one => nameOf(one) == name))
            ? [.. chosen.Select(name => all.First(one => nameOf(one) == name))]
            : null;
    }
}
