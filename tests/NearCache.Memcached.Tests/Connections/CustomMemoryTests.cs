using System.Buffers;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Memory that code of the caller hands out, anew each time it is asked for.</summary>
public sealed class CustomMemoryTests
{
    public enum Part
    {
        Key,
        Value,
    }

    // How often the memory is asked for before it fails: checks ask for it, too.
    public static TheoryData<Part, bool, int> Failing => [.. from part in Enum.GetValues<Part>()
        from isArray in new[] { false, true }
        from times in Enumerable.Range(0, 4)
        select (part, isArray, times)];

    public static TheoryData<Part, bool> Kinds =>
        [.. from part in Enum.GetValues<Part>() from isArray in new[] { false, true } select (part, isArray)];

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task A_group_whose_memory_fails_leaves_the_connection_as_it_was(Part part, bool isArray, int times)
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server.Address } });
        await client.SetAsync("x", "X"u8.ToArray());
        using var memory = new Handed("key"u8.ToArray(), isArray, asked => asked < times ? 0 : throw new InvalidOperationException("gone"));

        _ = await Record.ExceptionAsync(() => client.Servers[0].ExecuteAsync(GroupOf(part, memory)));

        Assert.Equal("X"u8.ToArray(), await client.GetAsync("x"));
        Assert.Equal(1, server.AcceptedConnections);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Memory_that_is_slow_to_come_holds_no_other_call(Part part, bool isArray)
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await client.SetAsync("x", "X"u8.ToArray());
        using var memory = new Handed(
            "key"u8.ToArray(), isArray, _ => Task.Run(() => client.GetAsync("x").AsTask()).GetAwaiter().GetResult()!.Length);

        await Task.Run(() => client.Servers[0].ExecuteAsync(GroupOf(part, memory))).WaitAsync(TimeSpan.FromSeconds(60));
        if (part == Part.Value)
        {
            await Task.Run(() => client.SetAsync("k", memory.Whole).AsTask()).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal("key"u8.ToArray(), await client.GetAsync("k"));
        }
    }

    private static MetaCommand[] GroupOf(Part part, Handed memory) =>
    [
        MetaCommand.Set("a"u8.ToArray(), "1"u8.ToArray()),
        part == Part.Key ? MetaCommand.Get(memory.Whole) : MetaCommand.Set("b"u8.ToArray(), memory.Whole),
    ];

    private sealed class Handed(byte[] bytes, bool isArray, Func<int, int> asked) : MemoryManager<byte>
    {
        private int _asked;

        public ReadOnlyMemory<byte> Whole => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan()
        {
            asked(_asked++);
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override bool TryGetArray(out ArraySegment<byte> segment)
        {
            segment = bytes;
            return isArray;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
