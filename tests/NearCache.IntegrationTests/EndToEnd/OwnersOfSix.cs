using NearCache.IntegrationTests.Rules;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// What six processes find of each other's connections while a foreign program holds 50, and one of the processes leaks one.
/// </summary>
internal static class OwnersOfSix
{
    /// <summary>Leaks a connection of one process, and compares the owners that a process finds. The fifth writes a key.</summary>
    /// <param name="pods">The processes p1 to p6.</param>
    /// <param name="leaking">The index of the process that leaks.</param>
    /// <param name="expected">The owners.</param>
    public static async Task AreFoundAsync(IReadOnlyList<CacheProcess> pods, int leaking, string expected)
    {
        await pods[leaking].AskAsync("leak");
        await Eventually.BecomesTrueAsync(async () => await pods[0].AskAsync("reported") == "6", "all connections are reported");

        // The foreign program may still be connecting, identity probes are connections for a moment, and a server is asked at most every 30
        // seconds by one process.
        var owners = "";
        for (var asked = 0; asked < pods.Count && !owners.StartsWith("57/6 ", StringComparison.Ordinal); asked++)
        {
            owners = await pods[asked].AskAsync("owners");
        }

        Assert.Equal($"57/6 reported 5 unaccounted 51 foreign 50: {expected}", owners);
        await pods[4].AskAsync("set product:1 red");
        await Eventually.BecomesTrueAsync(
            async () => (await pods[0].AskAsync("why product:1")).Contains(" by p5 (pid ", StringComparison.Ordinal),
            "the writer is named");
    }
}
