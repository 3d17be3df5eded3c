using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>The samples that are written against Microsoft's abstractions alone, as two processes on one memcached.</summary>
public sealed class AbstractionSamplesTests
{
    [Fact]
    public async Task A_session_that_began_in_one_process_goes_on_in_the_other()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        var keys = Directory.CreateTempSubdirectory("nearcache-keys-");
        try
        {
            string[] settings = [$"NearCache:Memcached:Servers:0={memcached.Address}", $"Keys={keys.FullName}"];
            await using var one = await SampleProcess.StartNewAsync("DistributedApp", settings);
            await using var other = await SampleProcess.StartNewAsync("DistributedApp", settings);

            var (coat, cookie) = await AskAsync(one, HttpMethod.Post, "/basket/coat", null);
            var (both, _) = await AskAsync(other, HttpMethod.Post, "/basket/umbrella", cookie);
            var (seen, _) = await AskAsync(one, HttpMethod.Get, "/basket", cookie);
            var (strangers, _) = await AskAsync(one, HttpMethod.Get, "/basket", null);

            Assert.Equal(("coat", "coat, umbrella", "coat, umbrella", "empty"), (coat, both, seen, strangers));
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task What_one_process_removes_by_key_or_by_tag_the_other_makes_anew()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        string[] settings = [$"NearCache:Memcached:Servers:0={memcached.Address}", "NearCache:RuleLease=00:00:01.5"];
        await using var one = await SampleProcess.StartNewAsync("HybridApp", settings);
        await using var other = await SampleProcess.StartNewAsync("HybridApp", settings);
        // A value that is created during the first audit of a server is not stored there.
        var first = "";
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                (first, _) = await AskAsync(one, HttpMethod.Get, "/articles/1", null);
                return first == (await AskAsync(other, HttpMethod.Get, "/articles/1", null)).Text;
            },
            "both have the article that one of them made");

        await AskAsync(other, HttpMethod.Put, "/articles/1?text=changed", null);
        await ChangesAsync(one, first);
        var (second, _) = await AskAsync(one, HttpMethod.Get, "/articles/1", null);
        await AskAsync(other, HttpMethod.Delete, "/shelves/1", null);
        await ChangesAsync(one, second);
    }

    [Fact]
    public async Task Over_Redis_by_configuration_what_one_process_removes_the_other_makes_anew()
    {
        await using var redis = await RedisProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        string[] settings =
        [
            $"ConnectionStrings:Redis={redis.Address}", $"NearCache:ZooKeeper:ConnectionString={zooKeeper.Address}",
            "NearCache:RuleLease=00:00:01.5",
        ];
        await using var one = await SampleProcess.StartNewAsync("HybridApp", settings);
        await using var other = await SampleProcess.StartNewAsync("HybridApp", settings);
        var first = "";
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                (first, _) = await AskAsync(one, HttpMethod.Get, "/articles/1", null);
                return first == (await AskAsync(other, HttpMethod.Get, "/articles/1", null)).Text;
            },
            "both have the article that one of them made");

        await AskAsync(other, HttpMethod.Put, "/articles/1?text=changed", null);
        await ChangesAsync(one, first);
    }

    private static async Task ChangesAsync(SampleProcess process, string before) =>
        await Eventually.BecomesTrueAsync(
            async () => (await AskAsync(process, HttpMethod.Get, "/articles/1", null)).Text != before,
            "the other process reads its source again");

    private static async Task<(string Text, string? Cookie)> AskAsync(SampleProcess process, HttpMethod method, string path, string? cookie)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var answer = await process.Client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        var set = answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.First().Split(';')[0] : null;
        return (await answer.Content.ReadAsStringAsync(), set);
    }
}
