using System.Net;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport;

/// <summary>Resolves host names on a few dedicated threads, with one lookup per name at a time.</summary>
/// <remarks>
/// The system's resolver blocks a thread while no name server replies, by default for ten seconds and more, and cannot be canceled. On the
/// thread pool, fifty such names would occupy its threads. Here a canceled caller leaves its lookup running, and the next caller for the
/// name joins it. Names whose last lookup was slow use at most half of the threads.
/// </remarks>
/// <param name="resolve">Returns the addresses of a name. May block.</param>
/// <param name="time">Measures which lookups are slow.</param>
internal sealed class NameResolver(Func<string, IPAddress[]> resolve, TimeProvider time)
{
    /// <summary>The maximum number of concurrent lookups.</summary>
    public const int MaxConcurrent = 8;

    private const int MaxSlow = MaxConcurrent / 2;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, Lookup> _lookups = new(StringComparer.OrdinalIgnoreCase);   // running or queued
    private readonly LinkedList<Lookup> _waiting = new();
    private readonly HashSet<string> _slow = new(StringComparer.OrdinalIgnoreCase);
    private int _running;
    private int _runningSlow;

    /// <summary>Gets the resolver of the system, shared by the process.</summary>
    public static NameResolver Default { get; } = new(Dns.GetHostAddresses, TimeProvider.System);

    /// <summary>Returns the addresses of a name.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    public async Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Lookup? lookup;
        lock (_lock)
        {
            if (!_lookups.TryGetValue(name, out lookup))
            {
                lookup = new Lookup(name);
                _lookups.Add(name, lookup);
                _waiting.AddLast(lookup);
                StartNext();
            }

            lookup.Callers++;
        }

        try
        {
            return await lookup.Completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(lookup);
        }
    }

    // Removes a queued lookup that has no caller left.
    private void Leave(Lookup lookup)
    {
        lock (_lock)
        {
            if (--lookup.Callers == 0 && !lookup.HasStarted)
            {
                _waiting.Remove(lookup);
                _lookups.Remove(lookup.Name);
            }
        }
    }

    // Requires `_lock`.
    private void StartNext()
    {
        while (_running < MaxConcurrent && Next() is { } lookup)
        {
            _waiting.Remove(lookup);
            (lookup.HasStarted, lookup.CountsAsSlow) = (true, _slow.Contains(lookup.Name));
            _running++;
            _runningSlow += lookup.CountsAsSlow ? 1 : 0;
            new Thread(() => Run(lookup), maxStackSize: 256 * 1024) { IsBackground = true, Name = ".NET NearCache name" }.UnsafeStart();
        }
    }

    private Lookup? Next()
    {
        foreach (var lookup in _waiting)
        {
            if (_runningSlow < MaxSlow || !_slow.Contains(lookup.Name))
            {
                return lookup;
            }
        }

        return null;
    }

    private void Run(Lookup lookup)
    {
        var started = time.GetTimestamp();
        try
        {
            lookup.Addresses = resolve(lookup.Name);
        }
        catch (Exception e)
        {
            lookup.Failure = e;
        }

        var wasSlow = time.GetElapsedTime(started) >= Slow;
        lock (_lock)
        {
            _lookups.Remove(lookup.Name);
            _running--;
            _runningSlow -= lookup.CountsAsSlow ? 1 : 0;
            _ = wasSlow ? _slow.Add(lookup.Name) : _slow.Remove(lookup.Name);
            StartNext();
        }

        WorkScheduler.Queue(lookup);
    }

    private sealed class Lookup(string name) : IThreadPoolWorkItem
    {
        public string Name => name;

        // Its continuations run where the work item executes.
        public TaskCompletionSource<IPAddress[]> Completion { get; } = new();

        public int Callers { get; set; }

        public bool HasStarted { get; set; }

        public bool CountsAsSlow { get; set; }

        public IPAddress[]? Addresses { get; set; }

        public Exception? Failure { get; set; }

        void IThreadPoolWorkItem.Execute()
        {
            if (Failure is null)
            {
                Completion.TrySetResult(Addresses!);
            }
            else
            {
                Completion.TrySetException(Failure);

                // Marks the exception as observed: all callers may have canceled.
                _ = Completion.Task.Exception;
            }
        }
    }
}
