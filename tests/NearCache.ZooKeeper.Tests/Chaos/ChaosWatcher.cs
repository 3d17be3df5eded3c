using System.Text;

namespace NearCache.ZooKeeper.Tests.Chaos;

/// <summary>Follows nodes by watches alone: reads again when a watch fires or a read fails, never by time.</summary>
internal sealed class ChaosWatcher(ZooKeeperClient client, string root) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task[] _loops = [];

    /// <summary>The data of the node, by a data watch.</summary>
    public volatile string Data = "";

    /// <summary>The names of the children, by a child watch.</summary>
    public volatile string Children = "";

    /// <summary>Whether the node "there" exists, by an exists watch.</summary>
    public volatile bool IsThere;

    public void Start() => _loops =
    [
        FollowAsync(async watch => Data = Encoding.UTF8.GetString((await client.GetDataAsync(root, watch)).Data.Span)),
        FollowAsync(
            async watch => Children = string.Join(',', (await client.GetChildrenAsync(root, watch)).Names.Order(StringComparer.Ordinal))),
        FollowAsync(async watch => IsThere = await client.ExistsAsync(root + "/there", watch) is not null),
    ];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task FollowAsync(Func<Action<WatchEvent>, Task> readAsync)
    {
        while (true)
        {
            var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                await readAsync(_ => fired.TrySetResult());
            }
            catch (ZooKeeperException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, _stop.Token);
                continue;
            }

            await fired.Task.WaitAsync(_stop.Token);
        }
    }
}
