namespace NearCache.Remote;

/// <summary>
/// One cache's use of a client that others may use, too. Disposing gives it back, once; the last user's disposes the client.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="giveBack">Ends the use; returns the client if it has no other user.</param>
/// <param name="users">Returns how many use the client now.</param>
internal sealed class RentedClient<TClient>(TClient client, Func<TClient?> giveBack, Func<int> users) : IAsyncDisposable, IDisposable
    where TClient : class, IAsyncDisposable, IDisposable
{
    private Func<TClient?>? _giveBack = giveBack;
    private TClient? _last;   // the client, if nothing uses it any more

    public TClient Client => client;

    /// <summary>Whether the client goes on after it is given back.</summary>
    public bool IsUsedByOthers => users() > (Volatile.Read(ref _giveBack) is null ? 0 : 1);

    public ValueTask DisposeAsync()
    {
        GiveBack();
        return _last?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>As <see cref="DisposeAsync"/>, but waits for nothing; also ends a <see cref="DisposeAsync"/> that waits.</summary>
    public void Dispose()
    {
        GiveBack();
        _last?.Dispose();
    }

    private void GiveBack()
    {
        if (Interlocked.Exchange(ref _giveBack, null) is { } once)
        {
            _last = once();
        }
    }
}
