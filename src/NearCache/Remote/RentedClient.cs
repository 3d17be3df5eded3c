namespace NearCache.Remote;

/// <summary>One cache's use of a client that others may use, too. Disposing gives it back, once.</summary>
internal sealed class RentedClient<TClient>(TClient client, Func<ValueTask> giveBack, Func<bool> isUsedByOthers) : IAsyncDisposable
    where TClient : class
{
    private Func<ValueTask>? _giveBack = giveBack;

    public TClient Client => client;

    /// <summary>Whether the client goes on after it is given back.</summary>
    public bool IsUsedByOthers => isUsedByOthers();

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _giveBack, null) is { } once ? once() : ValueTask.CompletedTask;
}
