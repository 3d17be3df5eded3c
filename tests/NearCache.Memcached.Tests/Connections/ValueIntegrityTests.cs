using System.Buffers.Binary;
using System.Globalization;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>
/// Mixed operations from many tasks through random faults: every value that is read is one that was written under that key.
/// </summary>
/// <remarks><c>NEARCACHE_ROUNDS</c> sets the number of operations in millions; 1 unless set.</remarks>
public sealed class ValueIntegrityTests(ITestOutputHelper output)
{
    private const int Keys = 2000;
    private readonly FakeMemcached[] _servers = [FakeMemcached.Start(), FakeMemcached.Start(), FakeMemcached.Start()];
    private long _operations;
    private long _failures;
    private long _hits;

    [Fact]
    public async Task Every_value_that_is_read_was_written_under_that_key()
    {
        var target = (long)(
            1_000_000 * double.Parse(Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS") ?? "1", CultureInfo.InvariantCulture));
        var options = new MemcachedOptions
        {
            OperationTimeout = TimeSpan.FromSeconds(1),
            ReconnectDelay = TimeSpan.FromMilliseconds(1),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(10),
            MaxInFlightCommands = 500,
        };
        _servers.ToList().ForEach(server => options.Servers.Add(server.Address));
        await using (var client = new MemcachedClient(options))
        {
            using var stop = new CancellationTokenSource();
            var faults = Task.Run(() => SpoilAsync(stop.Token));
            await Task.WhenAll(Enumerable.Range(0, 64).Select(seed => Task.Run(() => WorkAsync(client, new Random(seed), target))));
            await stop.CancelAsync();
            await faults;
        }

        output.WriteLine($"[FIGURE] checker: {_operations} operations, {_hits} values read, {_failures} failed by faults, 0 wrong, "
            + $"{_servers.Sum(server => server.AcceptedConnections)} connections to 3 servers");
        Assert.True(_hits > target / 20);
        Assert.True(_failures > 0);
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    // A value says its key and its writer: [key, version, key, version…].
    private static byte[] ValueOf(int key, int version, int size)
    {
        var value = new byte[size * 8];
        for (var i = 0; i < size; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(i * 8), key);
            BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan((i * 8) + 4), version);
        }

        return value;
    }

    private static void Check(int key, ReadOnlySpan<byte> value)
    {
        for (var i = 0; i < value.Length; i += 8)
        {
            Assert.Equal(key, BinaryPrimitives.ReadInt32LittleEndian(value[i..]));
            Assert.True(value[(i + 4)..(i + 8)].SequenceEqual(value[4..8]), "Two values in one.");
        }
    }

    private async Task WorkAsync(MemcachedClient client, Random random, long target)
    {
        while (Interlocked.Increment(ref _operations) <= target)
        {
            var key = random.Next(Keys);
            var name = string.Create(CultureInfo.InvariantCulture, $"checked:{key}");
            using var cancel = random.Next(50) == 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(3))) : null;
            var token = cancel?.Token ?? CancellationToken.None;
            var size = random.Next(200) == 0 ? random.Next(1, 9000) : random.Next(1, 40);
            try
            {
                switch (random.Next(10))
                {
                    case < 4:
                        await client.SetAsync(name, ValueOf(key, random.Next(), size), TimeSpan.FromMinutes(1), cancellationToken: token);
                        break;
                    case < 7:
                        Found(key, await client.GetAsync(name, token));
                        break;
                    case 7:
                        var response = await client.GetAsync(name, MetaFields.Value | MetaFields.Cas, token);
                        Found(key, response.Status == MetaStatus.Ok ? response.Value.ToArray() : null);
                        break;
                    case 8:
                        var other = random.Next(Keys);
                        var values = await client.GetManyAsync(
                            [name, string.Create(CultureInfo.InvariantCulture, $"checked:{other}")], token);
                        Found(key, values.GetValueOrDefault(name));
                        break;
                    default:
                        await client.DeleteAsync(name, token);
                        break;
                }
            }
            catch (Exception e) when (e is MemcachedException or OperationCanceledException)
            {
                Interlocked.Increment(ref _failures);
                if (e is MemcachedServerDownException)
                {
                    await Task.Yield();
                }
            }
        }
    }

    private void Found(int key, byte[]? value)
    {
        if (value is not null)
        {
            Interlocked.Increment(ref _hits);
            Check(key, value);
        }
    }

    private async Task SpoilAsync(CancellationToken stop)
    {
        var random = new Random(99);
        var counter = 0;
        while (!stop.IsCancellationRequested)
        {
            var server = _servers[random.Next(_servers.Length)];
            switch (random.Next(6))
            {
                case 0:
                    server.CloseConnections();
                    break;
                case 1:
                    server.Kill();
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                    server.Restart();
                    break;
                case 2:
                    server.HoldReplies();
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                    server.ReleaseReplies();
                    break;
                case 3:
                    server.Faults.SplitEvery = random.Next(1, 50);
                    break;
                default:
                    var cut = random.Next(40);
                    server.Faults.OnCommand = _ => Interlocked.Increment(ref counter) % 20_000 == 0
                        ? FakeFault.CloseWithinReply(cut)
                        : null;
                    break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
            server.Faults.Clear();
        }
    }
}
