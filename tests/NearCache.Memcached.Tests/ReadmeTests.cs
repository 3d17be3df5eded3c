using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests;

/// <summary>The code of the package's README, as a user runs it.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_first_lines_store_read_and_change_an_item()
    {
        await using var fake = FakeMemcached.Start();
        var server = fake.Address;

        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server } });   // one for the whole process

        await client.SetAsync("greeting", "hello"u8.ToArray(), TimeSpan.FromMinutes(10));
        if (await client.GetAsync("greeting") is { } value)   // null is a miss
        {
            Console.WriteLine(Encoding.UTF8.GetString(value));
        }

        var item = await client.GetAsync("greeting", MetaFields.Value | MetaFields.Cas);
        var stored = await client.CompareAndSetAsync("greeting", "hello again"u8.ToArray(), item.Cas);
        Console.WriteLine(stored.Status);   // Exists if another client has changed it since

        Assert.Equal("hello", Encoding.UTF8.GetString(item.Value.Span));
        Assert.Equal(MetaStatus.Ok, stored.Status);
        Assert.Equal("hello again"u8.ToArray(), await client.GetAsync("greeting"));
    }
}
