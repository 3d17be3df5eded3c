using System.Globalization;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>
/// Sums the activity that the servers report: transactions by their newest zxid, requests by their counters. Restarts, elections and
/// wipes are handled.
/// </summary>
internal sealed class EnsembleCounters(IReadOnlyList<ZooKeeperProcess> servers) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim _sampling = new(1);   // guards the fields below
    private readonly Dictionary<ZooKeeperProcess, long> _counted = [];
    private readonly CancellationTokenSource _ending = new();
    private Task _loop = Task.CompletedTask;
    private long _zxid = -1;

    /// <summary>Logged transactions, including refused ones.</summary>
    public long Transactions { get; private set; }

    /// <summary>Requests that were answered: reads, changes, pings.</summary>
    public long Requests { get; private set; }

    /// <summary>Begins to count.</summary>
    public async Task StartAsync()
    {
        await SampleAsync();
        (Transactions, Requests) = (0, 0);
        _loop = LoopAsync();
    }

    /// <summary>Reads all servers. Call it before a server is killed, because its counters are lost.</summary>
    public async Task SampleAsync()
    {
        await _sampling.WaitAsync();
        try
        {
            var newest = -1L;
            foreach (var server in servers.Where(server => server.IsRunning))
            {
                if (await AskAsync(server) is { } said)
                {
                    newest = Math.Max(newest, said.Zxid);
                    var before = _counted.GetValueOrDefault(server);
                    Requests += said.Requests >= before ? said.Requests - before : said.Requests;
                    _counted[server] = said.Requests;
                }
            }

            if (newest >= 0)
            {
                // Counting starts at 0 in a new epoch and after a wipe.
                var isSameEpoch = newest >> 32 == _zxid >> 32;
                Transactions += !isSameEpoch ? newest & uint.MaxValue : Math.Max(newest - _zxid, 0);
                _zxid = isSameEpoch ? Math.Max(newest, _zxid) : newest;
            }
        }
        finally
        {
            _sampling.Release();
        }
    }

    /// <summary>The ensemble has another history from now on.</summary>
    public async Task BeginAnewAsync()
    {
        await _sampling.WaitAsync();
        _zxid = -1;
        _sampling.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _loop;
        _ending.Dispose();
        _sampling.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            await SampleAsync();
            await Task.Delay(Every, TimeProvider.System, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A server that does not serve is ignored.
    private static async Task<(long Zxid, long Requests)?> AskAsync(ZooKeeperProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            var zxid = Value(await server.AskAsync("srvr", limit.Token), "Zxid: 0x", NumberStyles.HexNumber);
            var monitor = await server.AskAsync("mntr", limit.Token);
            return zxid is { } newest
                && Value(monitor, "zk_cnt_readlatency\t") is { } reads
                && Value(monitor, "zk_cnt_updatelatency\t") is { } changes
                ? (newest, reads + changes)
                : null;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private static long? Value(string text, string name, NumberStyles style = NumberStyles.None) =>
        text.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(line[name.Length..].Trim(), style, CultureInfo.InvariantCulture) : null;
}
