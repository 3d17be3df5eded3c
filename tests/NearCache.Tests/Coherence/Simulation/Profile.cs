namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// The profile of a seed: the size and the load of the fleet, and its faults. Not every seed has every fault: some broken protocols show
/// only without faults.
/// </summary>
internal sealed class Profile
{
    private readonly bool[] _enabled;

    public Profile(Random random)
    {
        Processes = random.Next(2, 5);
        Servers = random.Next(1, 4);
        Members = random.Next(4) == 0 ? 300 : Processes;
        MaxStaleness = random.Next(3) switch { 0 => 2500, 1 => 3000, _ => 5000 };
        Slowest = random.Next(3) switch { 0 => 2_000, 1 => 50_000, _ => 400_000 };
        LongestGap = random.Next(3) switch { 0 => 200, 1 => 10_000, _ => 300_000 };
        LostLogs = random.Next(3) switch { 0 => 1, 1 => 0.1, _ => 0 };
        SecondsBetweenFaults = 0.3 + (2 * random.NextDouble());
        MillisecondsBetweenReads = random.Next(10, 60);
        MicrosecondsBetweenWrites = 1000 * random.Next(50, 3000);
        HasZooKeeper = random.Next(3) != 0;
        _enabled = [.. Enum.GetValues<Fault>().Select(_ => random.Next(3) == 0)];
    }

    /// <summary>How many processes use the cache.</summary>
    public int Processes { get; init; }

    public int Servers { get; init; }

    /// <summary>The number of members for which announcements are limited.</summary>
    public int Members { get; init; }

    /// <summary>In milliseconds.</summary>
    public long MaxStaleness { get; init; }

    /// <summary>The slowest message, in microseconds.</summary>
    public int Slowest { get; init; }

    /// <summary>The longest time that a command waits for the one before it in the same write, in microseconds.</summary>
    public int LongestGap { get; init; }

    /// <summary>The part of the log records that is lost.</summary>
    public double LostLogs { get; init; }

    public double SecondsBetweenFaults { get; init; }

    public int MillisecondsBetweenReads { get; init; }

    public int MicrosecondsBetweenWrites { get; init; }

    public bool HasZooKeeper { get; init; }

    /// <summary>Whether a message broker carries announcements, at least in some processes.</summary>
    public bool HasBroker { get; init; }

    /// <summary>Whether processes believe every message, signed or not.</summary>
    public bool TrustsUnsignedMessages { get; init; }

    /// <summary>Whether the near tier ignores invalidations.</summary>
    public bool PlantedStaleRead { get; init; }

    /// <summary>The mean time between two checks of the monitor of a process; 0: no monitor.</summary>
    public int MicrosecondsBetweenChecks { get; init; }

    public int Seconds { get; init; } = 25;

    public bool Has(Fault fault) => _enabled[(int)fault];

    /// <summary>Returns the same fleet with only these faults.</summary>
    public Profile Only(params Fault[] faults)
    {
        Array.Fill(_enabled, false);
        foreach (var fault in faults)
        {
            _enabled[(int)fault] = true;
        }

        return this;
    }

    public Profile Calm()
    {
        Array.Fill(_enabled, false);
        return this;
    }
}
