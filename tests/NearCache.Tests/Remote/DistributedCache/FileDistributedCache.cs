using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>
/// Some vendor's cache: a file for each key, replaced as a whole, with its end in the first eight bytes. Several of them may share a
/// folder, as processes would.
/// </summary>
internal sealed class FileDistributedCache(string folder) : IDistributedCache
{
    /// <summary>What the vendor throws from now on; null: nothing.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Awaited before each read looks, where it is set.</summary>
    public Func<string, Task>? BeforeGet { get; set; }

    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await FailAsync();
        await (BeforeGet?.Invoke(key) ?? Task.CompletedTask);
        try
        {
            var bytes = await File.ReadAllBytesAsync(PathOf(key), token);
            var end = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            return end == 0 || end > DateTimeOffset.UtcNow.UtcTicks ? bytes[sizeof(long)..] : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public void Refresh(string key) => throw new NotSupportedException("Nothing slides here.");

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException("Nothing slides here.");

    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await FailAsync();
        File.Delete(PathOf(key));
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).GetAwaiter().GetResult();

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await FailAsync();
        Assert.Null(options.SlidingExpiration);
        var bytes = new byte[sizeof(long) + value.Length];
        BinaryPrimitives.WriteInt64LittleEndian(
            bytes, options.AbsoluteExpirationRelativeToNow is { } life ? (DateTimeOffset.UtcNow + life).UtcTicks : 0);
        value.CopyTo(bytes, sizeof(long));
        var written = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        await File.WriteAllBytesAsync(written, bytes, token);
        File.Move(written, PathOf(key), overwrite: true);
    }

    private string PathOf(string key) => Path.Combine(folder, $"{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}.item");

    private Task FailAsync() => Fault is { } fault ? Task.FromException(fault) : Task.CompletedTask;
}
