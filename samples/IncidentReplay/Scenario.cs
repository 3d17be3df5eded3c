namespace IncidentReplay;

/// <summary>One of the three runs.</summary>
internal sealed record Scenario(string Name, string What, bool IsNaive, bool HasMistake)
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("naive", "A local cache that publishes a znode for every key that it writes, as in the outage.", IsNaive: true,
            HasMistake: false),
        new("NearCache", "The same traffic; a rule keeps the parameters near.", IsNaive: false, HasMistake: false),
        new("NearCache, mistaken rule", "The same traffic; a second rule covers the lock keys by mistake.", IsNaive: false,
            HasMistake: true),
    ];
}
