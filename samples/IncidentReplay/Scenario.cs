namespace IncidentReplay;

/// <summary>One of the runs.</summary>
internal sealed record Scenario(string Name, string What, bool IsNaive, bool HasMistake, bool HasRabbitMq = false)
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("naive", "A local cache that publishes a znode for every key that it writes, as in the outage.", IsNaive: true,
            HasMistake: false),
        new("NearCache", "The same traffic; a rule keeps the parameters near.", IsNaive: false, HasMistake: false),
        new("NearCache, mistaken rule", "The same traffic; a second rule covers the lock keys by mistake.", IsNaive: false,
            HasMistake: true),
    ];

    /// <summary>The further run, if there is a RabbitMQ.</summary>
    public static Scenario WithRabbitMq { get; } = new("NearCache, mistaken rule, RabbitMQ",
        "As before, with RabbitMQ as the carrier of announcements; ZooKeeper keeps the registry.", IsNaive: false, HasMistake: true,
        HasRabbitMq: true);
}
