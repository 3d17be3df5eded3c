namespace NearCache.Remote;

/// <summary>
/// Shares clients among the caches of a process: one client for each set of equal settings, disposed when the last cache has returned it.
/// </summary>
/// <param name="areEqual">Compares the settings of connections.</param>
/// <param name="make">Creates a client.</param>
internal sealed class ClientPool<TOptions, TClient>(Func<TOptions, TOptions, bool> areEqual, Func<TOptions, TClient> make)
    where TClient : class, IAsyncDisposable, IDisposable
{
    private readonly Lock _lock = new();   // guards the list, and the settings and users of its items
    private readonly List<Shared> _shared = [];

    /// <summary>Returns the client of these settings, and creates it if there is none.</summary>
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

    /// <summary>Changes a client in place, if only one cache uses it.</summary>
    /// <param name="rented">The use of that cache.</param>
    /// <param name="options">The new settings.</param>
    /// <param name="change">Changes the client. Called under a lock; if it throws, nothing was changed.</param>
    /// <returns>True if the client was changed; false if other caches use it, or if a client with these settings exists.</returns>
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

    // Returns the client if this was its last use.
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

/// <summary>The use of a shared client by one cache. Disposing it returns the client once; the last user disposes the client.</summary>
/// <param name="client">The client.</param>
/// <param name="giveBack">Ends the use, and returns the client if it has no other user.</param>
/// <param name="users">Returns the current number of users.</param>
internal sealed class RentedClient<TClient>(TClient client, Func<TClient?> giveBack, Func<int> users) : IAsyncDisposable, IDisposable
    where TClient : class, IAsyncDisposable, IDisposable
{
    private Func<TClient?>? _giveBack = giveBack;
    private TClient? _last;   // the client, after its last use

    public TClient Client => client;

    /// <summary>Gets a value indicating whether other caches keep using the client.</summary>
    public bool IsUsedByOthers => users() > (Volatile.Read(ref _giveBack) is null ? 0 : 1);

    public ValueTask DisposeAsync()
    {
        GiveBack();
        return _last?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>As <see cref="DisposeAsync"/>, without waiting. It also ends a pending <see cref="DisposeAsync"/>.</summary>
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
