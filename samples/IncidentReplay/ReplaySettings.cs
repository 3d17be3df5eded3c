using System.Globalization;

namespace IncidentReplay;

/// <summary>The settings of the command line.</summary>
internal sealed record ReplaySettings(string ZooKeeper, string Memcached, int Seconds, int LocksPerSecond, int MostZnodes, string Report,
    string? RabbitMq, int? Console)
{
    public const string Usage =
        """
        dotnet run --project samples/IncidentReplay -- [settings]

          --zookeeper 127.0.0.1:2181   one server of a test ensemble; it must answer "srvr"
          --memcached 127.0.0.1:11211
          --rabbitmq  127.0.0.1:5672   a further run with RabbitMQ as the carrier of announcements; without it there is none
          --console   5090             shows the run with the mistaken rule in the console at this port, and when the rule is named there
          --seconds   20               how long each run lasts, 10 to 600
          --locks     2000             lock keys set and removed a second, at most 10000
          --znodes    20000            where the naive cache gives up, so that it cannot hurt the machine, at most 100000
          --report    incident-replay.html
        """;

    /// <summary>Parses the command line. Returns null if it is invalid.</summary>
    public static ReplaySettings? Read(string[] args)
    {
        var settings = new ReplaySettings("127.0.0.1:2181", "127.0.0.1:11211", 20, 2000, 20_000, "incident-replay.html", null, null);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
            ReplaySettings? next = args[i] switch
            {
                "--zookeeper" when value.Length > 0 => settings with { ZooKeeper = value },
                "--memcached" when value.Length > 0 => settings with { Memcached = value },
                "--rabbitmq" when value.Length > 0 => settings with { RabbitMq = value },
                "--console" when number is > 0 and <= 65_535 => settings with { Console = number },
                "--seconds" when number is >= 10 and <= 600 => settings with { Seconds = number },
                "--locks" when number is > 0 and <= 10_000 => settings with { LocksPerSecond = number },
                "--znodes" when number is > 0 and <= 100_000 => settings with { MostZnodes = number },
                "--report" when value.Length > 0 => settings with { Report = value },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            settings = next;
        }

        return settings;
    }
}
