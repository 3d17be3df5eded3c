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
