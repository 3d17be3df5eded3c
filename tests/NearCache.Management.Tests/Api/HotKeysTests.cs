using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Api;

/// <summary>Hot keys of a whole fleet, a page at a time.</summary>
public sealed class HotKeysTests
{
    private const int Processes = 100;
    private const int KeysOfProcess = 100;
    private const int Kept = 100;

    [Fact]
    public async Task Ten_thousand_hot_keys_are_sorted_and_paged_with_bounded_bytes()
    {
        var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await StoredReports.PutAsync(fleet.Memcached[0].Port, Processes, Reports);
        await using var console = await ConsoleOfTests.StartAsync(fleet, options =>
        {
            options.Contexts.Clear();
            options.Contexts["shop"] = new ConsoleContextOptions { Caches = fleet.Options(hasZooKeeper: false) };
        });

        // Of ten thousand keys, the hundred hottest are kept, and fifty are sent at a time.
        var first = await console.GetAsync("api/contexts/shop/hot", Value);
        Assert.Equal(Kept, (int)first["value"]!["total"]!);
        Assert.Equal(50, first["value"]!["keys"]!.AsArray().Count);
        Assert.Equal("key:9999", NameOf(first["value"]!["keys"]![0]));
        Assert.InRange(Encoding.UTF8.GetByteCount(first.ToJsonString()), 1, 64 * 1024);

        var byWrites = await console.GetAsync("api/contexts/shop/hot?sort=writes&limit=1", Value);
        Assert.Equal("key:9900", NameOf(byWrites["value"]!["keys"]![0]));

        // Every key is on exactly one page.
        var names = new HashSet<string>();
        for (var offset = 0; offset < Kept; offset += 30)
        {
            var page = await console.GetAsync(string.Create(
                CultureInfo.InvariantCulture, $"api/contexts/shop/hot?offset={offset}&limit=30"), Value);
            Assert.All(page["value"]!["keys"]!.AsArray(), key => Assert.True(names.Add(NameOf(key)), NameOf(key)));
        }

        Assert.Equal(Kept, names.Count);
        Assert.Empty((await console.GetAsync("api/contexts/shop/hot?offset=20000", Value))["value"]!["keys"]!.AsArray());
    }

    private static JsonNode? Value(JsonNode answer) => answer["value"];

    // The last key is read most; of the hundred hottest, the first is written most.
    private static IEnumerable<(string Key, string Value)> Reports(int process)
    {
        var id = process.ToString("x32", CultureInfo.InvariantCulture);
        yield return ($"{process}", $$"""
            {"format":1,"id":"{{id}}","pod":"web-{{process}}","pid":7,"version":"0.1.0.0",
            "start":1893499200,"starts":1,"state":"running","rules":1,"hits":1,"reads":1,"connections":[1,1],"pool":0}
            """);
        var keys = Enumerable.Range(process * KeysOfProcess, KeysOfProcess).Select(key => string.Create(
            CultureInfo.InvariantCulture, $$$"""{"name":"key:{{{key}}}","reads":{{{key + 1}}},"writes":{{{99 - (key % 100)}}}}"""));
        yield return ($"detail:{id}", $$$"""
            {"format":1,"id":"{{{id}}}","keys":{"shown":"plain","seconds":60,"keys":[{{{string.Join(',', keys)}}}],"prefixes":[]}}
            """);
    }

    private static string NameOf(JsonNode? key) => (string)key!["key"]!;
}
