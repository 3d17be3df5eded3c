namespace NearCache.Remote;

/// <summary>
/// Clients that several caches of a process use together: one for each set of equal settings, ended when the last cache has given it back.
/// </summary>
/// <param name="areEqual">Whether two settings mean the same connections.</param>
/// <param name="make">Makes a client.</param>
internal sealed class ClientPool<TOptions, TClient>(Func<TOptions, TOptions, bool> areEqual, Func<TOptions, TClient> make)
    where TClient : class, IAsyncDisposable, IDisposable
{
    private readonly Lock _lock = new();   // guards the list, and the settings and users of what is in it
    private readonly List<Shared> _shared = [];

    /// <summary>Gets the client of these settings; made if nobody has one.</summary>
    public RentedClient<TClient> Rent(TOptions options)
    {
        lock (_lock)
        {
            var shared = Find(options);
            if (shared is null)
            {
                shared = new Shared(options, make(options));
                _shared.Add(shared);
            }

            shared.Users++;
            return new RentedClient<TClient>(shared.Client, () => GiveBack(shared), () => UsersOf(shared));
        }
    }

    /// <summary>Changes a client where it is, if only one cache has it.</summary>
    /// <param name="rented">That cache's.</param>
    /// <param name="options">What its settings are from then on.</param>
    /// <param name="change">Changes it; called under a lock, and may throw: then nothing was changed.</param>
    /// <returns>False: others have it, or there is one of these settings already.</returns>
    public bool TryChange(RentedClient<TClient> rented, TOptions options, Action<TClient> change)
    {
        lock (_lock)
        {
            if (_shared.Find(candidate => candidate.Client == rented.Client) is not { Users: 1 } shared
                || (Find(options) is { } other && other != shared))
            {
                return false;
            }

            change(shared.Client);
            shared.Options = options;
            return true;
        }
    }

    private Shared? Find(TOptions options) => _shared.Find(candidate => areEqual(candidate.Options, options));

    private int UsersOf(Shared shared)
    {
        lock (_lock)
        {
            return shared.Users;
        }
    }

    // Returns the client if it was its last user's.
    private TClient? GiveBack(Shared shared)
    {
        lock (_lock)
        {
            if (--shared.Users > 0)
            {
                return null;
            }

            _shared.Remove(shared);
            return shared.Client;
        }
    }

    private sealed class Shared(TOptions options, TClient client)
    {
        public TOptions Options { get; set; } = options;

        public TClient Client => client;

        public int Users { get; set; }
    }
}

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
