using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Writing;

/// <summary>Bytes that the caller overwrites the moment its call was cancelled are never stored, though the mutation goes on.</summary>
public sealed class CallersBytesTests
{
    private const byte Good = 0x11;

    private static readonly (string Name, Func<NearCacheClient, byte[], CancellationToken, Task> Run)[] Calls =
    [
        ("set", (cache, bytes, token) => cache.SetAsync("k", bytes, cancellationToken: token)),
        ("set of memory", (cache, bytes, token) => cache.SetAsync("k", (ReadOnlyMemory<byte>)bytes, cancellationToken: token)),
        ("add", (cache, bytes, token) => cache.AddAsync("k", bytes, cancellationToken: token)),
        (
            "set many",
            (cache, bytes, token) =>
                cache.SetManyAsync([KeyValuePair.Create("k", bytes), KeyValuePair.Create("k2", bytes)], cancellationToken: token)),
    ];

    public static TheoryData<string> Names => [.. Calls.Select(call => call.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_cancelled_write_stores_what_it_was_given(string name)
    {
        await using var server = FakeMemcached.Start();
        var options = new NearCacheOptions { KeyPrefix = "" };
        options.Memcached.Servers.Add(server.Address);
        (
            options.Memcached.OperationTimeout,
            options.Memcached.ConnectTimeout,
            options.RuleLease) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        options.Memcached.MaxInFlightCommands = 1;
        await using var cache = new NearCacheClient(options);
        await cache.GetAsync<byte[]>("warm");
        server.HoldReplies();
        var first = cache.GetAsync<byte[]>("first").AsTask();
        using var cancel = new CancellationTokenSource();
        var bytes = Enumerable.Repeat(Good, 100_000).ToArray();

        var write = Calls.Single(call => call.Name == name).Run(cache, bytes, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        Array.Fill(bytes, (byte)0xEE);
        server.ReleaseReplies();

        await first.WaitAsync(TimeSpan.FromMinutes(1));
        await Eventually.BecomesTrueAsync(() => server.Items.ContainsKey("k"), "the mutation goes on");
        Assert.Equal(-1, server.Items["k"].Value.AsSpan().IndexOfAnyExcept(Good));
    }
}
