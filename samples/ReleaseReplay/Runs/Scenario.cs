using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>One of the four runs: what the pods use.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Title">The name in the report.</param>
/// <param name="What">What it is.</param>
/// <param name="ConnectionsPerServer">The connections that a pod may have to each server; null where nothing bounds them.</param>
/// <param name="Environment">The settings of the pods.</param>
/// <param name="OfRelease">Further settings of the released version.</param>
internal sealed record Scenario(
    string Name,
    string Title,
    string What,
    int? ConnectionsPerServer,
    IReadOnlyDictionary<string, string> Environment,
    params (string Name, string Value)[] OfRelease)
{
    /// <summary>The setting by which the other client of a pod opens so many connections at start.</summary>
    public static readonly (string Name, string Value) OtherClient = ("Pod__OtherClient", "40");

    public const string Namespace = "release-replay";
    public const string KeyPrefix = "release-replay:";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("naive", "Naive client",
            "A pool that grows when callers wait, callers that wait on their threads, and liveness that asks memcached, as in the outage.",
            null, new Dictionary<string, string> { ["Pod__Cache"] = "naive" }),
        new("nearcache", "NearCache", "The defaults, and one rule.", 1, NearCache([])),
        new("heavy", "NearCache, 64 connections",
            "ConnectionsPerServer = 64, UseLeases = false, OnRemoteFailure = Throw, WarmUp = 0.", 64,
            NearCache(new()
            {
                ["NearCache__Memcached__ConnectionsPerServer"] = "64",
                ["NearCache__UseLeases"] = "false",
                ["NearCache__OnRemoteFailure"] = "Throw",
                ["NearCache__WarmUp"] = "00:00:00",
            })),
        new("other", "NearCache beside another client",
            "The released version has another client that opens 40 connections and blocks the thread pool at start.", 1, NearCache([]),
            OtherClient),
    ];

    public PodSpec FirstVersion => new(1, Environment);

    private static Dictionary<string, string> NearCache(Dictionary<string, string> more) => new(more)
    {
        ["Pod__Cache"] = "nearcache",
        ["NearCache__Namespace"] = Namespace,
        ["NearCache__KeyPrefix"] = KeyPrefix,
        // Short, and spread, so that the source has a steady load.
        ["NearCache__ItemLifetime"] = "00:00:20",
        ["NearCache__LifetimeJitter"] = "0.5",
        ["NearCache__Rules__0__Name"] = "products",
        ["NearCache__Rules__0__Match"] = "product:*",
        ["NearCache__Reports__Interval"] = "00:00:01",
    };
}
