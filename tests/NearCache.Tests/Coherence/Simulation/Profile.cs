namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// What a seed means: how large the fleet is, how busy, and which faults happen. Not every seed has every fault: some breakages show only
/// in calm weather.
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

    /// <summary>For how many members announcing is paced.</summary>
    public int Members { get; init; }

    /// <summary>In milliseconds.</summary>
    public long MaxStaleness { get; init; }

    /// <summary>The slowest message, in microseconds.</summary>
    public int Slowest { get; init; }

    /// <summary>The longest time that a command waits for the one before it in the same write, in microseconds.</summary>
    public int LongestGap { get; init; }

    /// <summary>Which part of the log records is lost.</summary>
    public double LostLogs { get; init; }

    public double SecondsBetweenFaults { get; init; }

    public int MillisecondsBetweenReads { get; init; }

    public int MicrosecondsBetweenWrites { get; init; }

    public bool HasZooKeeper { get; init; }

    /// <summary>The near store does not forget what it is told to.</summary>
    public bool PlantedStaleRead { get; init; }

    public int Seconds { get; init; } = 25;

    public bool Has(Fault fault) => _enabled[(int)fault];

    /// <summary>The same fleet, with these faults and no others.</summary>
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
