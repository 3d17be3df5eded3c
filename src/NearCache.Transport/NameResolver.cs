using System.Net;
using NearCache.Transport.Scheduling;

namespace NearCache.Transport;

/// <summary>Looks up the addresses of names on a few threads of its own, one look-up a name at a time.</summary>
/// <remarks>
/// The system's resolver blocks a thread for as long as no name server answers, by default ten seconds and more, and cannot be interrupted.
/// On the thread pool fifty such names take its threads from everything else. Here a caller that gives up leaves the look-up alone, and the
/// next caller for the name joins it. Names that hung the last time get at most half of the threads.
/// </remarks>
/// <param name="resolve">Returns the addresses of a name, and may block.</param>
/// <param name="time">The clock by which a look-up is a slow one.</param>
internal sealed class NameResolver(Func<string, IPAddress[]> resolve, TimeProvider time)
{
    /// <summary>Look-ups at one time.</summary>
    public const int Most = 8;

    private const int MostSlow = Most / 2;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, Lookup> _lookups = new(StringComparer.OrdinalIgnoreCase);   // under way or waiting
    private readonly LinkedList<Lookup> _waiting = new();
    private readonly HashSet<string> _slow = new(StringComparer.OrdinalIgnoreCase);
    private int _running;
    private int _runningSlow;

    /// <summary>The system's resolver, shared by the process.</summary>
    public static NameResolver Default { get; } = new(Dns.GetHostAddresses, TimeProvider.System);

    /// <summary>Gets the addresses of a name.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The name is not known.</exception>
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

    // A look-up that has not begun, and that no caller waits for any more, is not made.
    private void Leave(Lookup lookup)
    {
        lock (_lock)
        {
            if (--lookup.Callers == 0 && !lookup.HasBegun)
            {
                _waiting.Remove(lookup);
                _lookups.Remove(lookup.Name);
            }
        }
    }

    // Requires the lock.
    private void StartNext()
    {
        while (_running < Most && Next() is { } lookup)
        {
            _waiting.Remove(lookup);
            (lookup.HasBegun, lookup.CountsAsSlow) = (true, _slow.Contains(lookup.Name));
            _running++;
            _runningSlow += lookup.CountsAsSlow ? 1 : 0;
            new Thread(() => Run(lookup), maxStackSize: 256 * 1024) { IsBackground = true, Name = ".NET NearCache name" }.UnsafeStart();
        }
    }

    private Lookup? Next()
    {
        foreach (var lookup in _waiting)
        {
            if (_runningSlow < MostSlow || !_slow.Contains(lookup.Name))
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

        // Its continuations go on where it is executed.
        public TaskCompletionSource<IPAddress[]> Completion { get; } = new();

        public int Callers { get; set; }

        public bool HasBegun { get; set; }

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

                // Callers may all have given up.
                _ = Completion.Task.Exception;
            }
        }
    }
}
