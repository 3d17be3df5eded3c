using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Management.Core;
using NearCache.Management.Diagnostics;
using NearCache.Management.Storage;

namespace NearCache.Management.Collecting;

/// <summary>Reads a fleet again and again for all viewers: every 5 s while there are any, else once a minute.</summary>
internal sealed class ContextCollector : IAsyncDisposable
{
    /// <summary>The time between two readings while there is a viewer.</summary>
    public static readonly TimeSpan Watched = TimeSpan.FromSeconds(5);

    /// <summary>The time between two readings without a viewer, for the history and metrics.</summary>
    public static readonly TimeSpan Unwatched = TimeSpan.FromMinutes(1);

    // A page that polls counts as a viewer for this long after a request.
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(30);

    private readonly FleetReader _reader;
    private readonly HistoryStore? _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();   // guards the history, the changes, the detectors and the signals
    private readonly History _history = new();
    private readonly RecentChanges _changes = new();
    private readonly RateMeter _rates = new();
    private readonly ChangeDetector _detector = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;
    private volatile ContextState _state;
    private long _lastLook;
    private bool _wasRead = true;

    /// <param name="context">The fleet.</param>
    /// <param name="options">The settings of its caches.</param>
    /// <param name="reader">Reads the fleet.</param>
    /// <param name="store">Keeps minutes and changes; null for memory alone.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The logger.</param>
    public ContextCollector(
        ConsoleContext context, NearCacheOptions options, FleetReader reader, HistoryStore? store, TimeProvider time, ILogger logger)
    {
        (Context, _reader, _store, _time, _logger) = (context, reader, store, time, logger);
        _state = ContextState.Unread(context, FleetLimits.Of(options), "not read yet");
        _lastLook = time.GetTimestamp() - (long)(Lingering.TotalSeconds * time.TimestampFrequency) - 1;
    }

    /// <summary>Raised after each reading, on the thread of the loop. Handlers must not block.</summary>
    public event Action<ContextState>? Read;

    /// <summary>Gets the fleet.</summary>
    public ConsoleContext Context { get; }

    /// <summary>Gets what is known.</summary>
    public ContextState State => _state;

    /// <summary>Gets the number of readings.</summary>
    public long Readings { get; private set; }

    /// <summary>Gets or sets a function that returns whether there are viewers besides those of single requests.</summary>
    public Func<bool> HasViewers { get; set; } = () => false;

    /// <summary>Starts the readings.</summary>
    public void Start()
    {
        if (_store is not null)
        {
            foreach (var minute in _store.ReadMinutes(_time.GetUtcNow() - TimeSpan.FromDays(1)))
            {
                _history.Restore(minute);
            }

            _changes.Restore(_store.ReadChanges(_time.GetUtcNow() - TimeSpan.FromDays(1)));
        }

        _loop = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Returns the client, for what is read on demand.</summary>
    public Task<FleetClient> ClientAsync(CancellationToken cancellationToken) => _reader.ClientAsync(cancellationToken);

    /// <summary>Notes that a viewer looks, and returns what is known. Waits for the first reading, and for no other.</summary>
    public async Task<ContextState> LookAsync(CancellationToken cancellationToken)
    {
        Look();
        await _first.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _state;
    }

    /// <summary>Notes that a viewer looks, so that the next reading comes soon.</summary>
    public void Look()
    {
        Interlocked.Exchange(ref _lastLook, _time.GetTimestamp());
        lock (_lock)
        {
            _looked.TrySetResult();
        }
    }

    /// <summary>Returns the figures of a period up to now.</summary>
    public IReadOnlyList<HistoryPoint> HistoryOf(TimeSpan period)
    {
        lock (_lock)
        {
            return _history.Of(period, _time.GetUtcNow());
        }
    }

    /// <summary>Returns a page of the changes before a time, the newest first.</summary>
    public ChangesPage ChangesBefore(DateTimeOffset? before, int limit)
    {
        lock (_lock)
        {
            return _changes.Before(before, limit);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
        await _reader.DisposeAsync().ConfigureAwait(false);
    }

    private bool IsWatched => HasViewers() || _time.GetElapsedTime(Interlocked.Read(ref _lastLook)) <= Lingering;

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var started = _time.GetTimestamp();
                await ReadOnceAsync(stopping).ConfigureAwait(false);
                await PauseAsync(started, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task ReadOnceAsync(CancellationToken stopping)
    {
        try
        {
            var reading = await _reader.ReadAsync(stopping).ConfigureAwait(false);
            Publish(Take(reading));
            if (!_wasRead)
            {
                _wasRead = true;
                _logger.ContextRead(Context.Name);
            }
        }
        catch (Exception e) when (e is OptionsValidationException or NearCacheException)
        {
            if (_wasRead)
            {
                _wasRead = false;
                _logger.ContextUnread(Context.Name, e.Message);
            }

            Publish(ContextState.Unread(Context, _state.Limits, e.Message));
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // A defect, which what is read may cause: the next reading may be another. It is logged once in a row.
            if (_wasRead)
            {
                _wasRead = false;
                _logger.CollectorFailed(e, Context.Name);
            }

            Publish(ContextState.Unread(Context, _state.Limits, "the console has failed at what it has read, see its log"));
        }
    }

    private ContextState Take(FleetReading reading)
    {
        IReadOnlyList<Change> changes;
        HistoryPoint? ended;
        ContextState state;
        lock (_lock)
        {
            var rates = _rates.Add(reading);
            var hourAgo = _history.HourBefore(reading.At);
            var verdict = new FleetJudge(reading, rates, _state.Limits, hourAgo).Judge();
            var point = HistoryPoint.Of(reading, rates, verdict.Level);
            ended = _history.Add(point);
            changes = _changes.Add(_detector.Add(reading, verdict));
            state = new ContextState
            {
                Context = Context,
                Limits = _state.Limits,
                Reading = reading,
                Rates = rates,
                Verdict = verdict,
                Point = point,
                HourAgo = hourAgo,
                LastChange = _changes.LastByAuthor,
            };
        }

        if (ended is not null)
        {
            _store?.Append(ended);
        }

        foreach (var change in changes)
        {
            _store?.Append(change);
        }

        return state;
    }

    private void Publish(ContextState state)
    {
        _state = state;
        Readings++;
        _first.TrySetResult();
        Read?.Invoke(state);
    }

    // Ends early when a viewer comes, but never so early that readings are closer than for viewers.
    private async Task PauseAsync(long started, CancellationToken stopping)
    {
        while (true)
        {
            Task looked;
            lock (_lock)
            {
                if (_looked.Task.IsCompleted)
                {
                    _looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                looked = _looked.Task;
            }

            var left = (IsWatched ? Watched : Unwatched) - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var pause = Task.Delay(left, _time, either.Token);
            await Task.WhenAny(pause, looked).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
        }
    }
}
