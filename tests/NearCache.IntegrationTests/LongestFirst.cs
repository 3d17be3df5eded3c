using NearCache.IntegrationTests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace NearCache.IntegrationTests;

/// <summary>Begins with the classes that take longest, so that none of them is left alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Long =
    [
        typeof(Fleet.UpgradeTests),
        typeof(Fleet.FleetUnderFaultsTests),
        typeof(EndToEnd.MemcachedOutageTests),
        typeof(Rules.MistakesTests),
        typeof(EndToEnd.ChangesReachTheOtherProcessTests),
        typeof(EndToEnd.ZooKeeperOutageTests),
        typeof(Rules.DamagedNamespaceTests),
        typeof(Rules.SharedEnsembleTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Rank(collection.TestCollectionDisplayName))];

    // "Test collection for NearCache.IntegrationTests.Fleet.UpgradeTests (id: …)"
    private static int Rank(string displayName)
    {
        var rank = Array.FindIndex(Long, type => displayName.Contains(type.FullName + " ", StringComparison.Ordinal));
        return rank < 0 ? Long.Length : rank;
    }
}
