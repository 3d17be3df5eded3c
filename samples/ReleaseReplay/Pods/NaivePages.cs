namespace ReleaseReplay.Pods;

/// <summary>The pages over the naive client: each request waits on its thread.</summary>
internal sealed class NaivePages(string server) : IPageCache
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);
    private readonly NaiveClient _client = new(server);

    public ValueTask<string> GetAsync(string key, SourceLoad load)
    {
        var value = Try(() => _client.Get(key));
        if (value is null)
        {
            load.Count();
            Thread.Sleep(SourceLoad.Latency);
            value = $"the value of {key}";
            Try(() => _client.Set(key, value, Lifetime));
        }

        return ValueTask.FromResult(value);
    }

    /// <summary>Answers a probe: healthy while memcached answers.</summary>
    public IResult Probe()
    {
        _client.Get("probe");
        return Results.Ok();
    }

    // As many applications do: a cache that fails is a miss.
    private static string? Try(Func<string?> act)
    {
        try
        {
            return act();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
