using NearCache.Coherence.Core;
using NearCache.Locks;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache;

/// <summary>An acquired lock. It is renewed until it is disposed or lost.</summary>
public sealed class LockHandle : IAsyncDisposable, IDisposable
{
    private readonly PlacedLock _place;
    private readonly byte[] _token;
    private readonly TimeSpan _lease;
    private readonly NearClock _clock;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _lock = new();   // guards the end of the lease
    private readonly Task _renewing;
    private Timestamps _until;
    private int _isReleased;

    internal LockHandle(PlacedLock place, byte[] token, long fence, TimeSpan lease, Timestamps sent, NearClock clock, TimeProvider time)
    {
        (_place, _token, Fence, _lease, _clock, _time) = (place, token, fence, lease, clock, time);
        _until = sent.Plus((long)lease.TotalMilliseconds);
        Lost = _lost.Token;
        _renewing = RenewAsync();
    }

    /// <summary>Gets the name of the lock.</summary>
    public string Name => _place.Name;

    /// <summary>
    /// Gets a number that exceeds those of all earlier holders of this lock. Pass it along with each change, and have the changed system
    /// refuse lower numbers.
    /// </summary>
    /// <remarks>
    /// The number starts at the microseconds since 1970 and increases with every attempt to acquire the lock. If its server loses it, it
    /// restarts at the current time. That still exceeds all earlier numbers, as long as the lock is attempted less than a million times a
    /// second on average and the clock of the restarting process is not further behind than this margin. Numbers of different locks are not
    /// related.
    /// </remarks>
    public long Fence { get; }

    /// <summary>
    /// Gets a token that is cancelled when the lock is no longer held: another holder has it, it was lost, or it was not renewed in time.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>
    /// Gets a value indicating whether the lock is held now. After a pause, a process detects with it that its lease has ended.
    /// </summary>
    public bool IsHeld
    {
        get
        {
            if (_lost.IsCancellationRequested || Volatile.Read(ref _isReleased) != 0)
            {
                return false;
            }

            var now = _clock.Now();
            lock (_lock)
            {
                return now.Monotonic < _until.Monotonic && now.Wall < _until.Wall;
            }
        }
    }

    /// <summary>
    /// Releases the lock if this holder still has it. A failure of memcached is not thrown; the lock then ends with its lease.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) != 0)
        {
            return;
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        await DistributedLock.ReleaseAsync(_place, _token).ConfigureAwait(false);
        _ending.Dispose();
        _lost.Dispose();
    }

    /// <summary>
    /// Stops renewing and starts to release the lock, without waiting. Another holder may wait a little longer, at most for the lease.
    /// </summary>
    public void Dispose() => DisposeAsync().AsTask().Abandon();

    private async Task RenewAsync()
    {
        try
        {
            while (await TryRenewAsync().ConfigureAwait(false))
            {
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (ObjectDisposedException)
        {
            // The cache is disposed; the lock is lost.
        }

        await _lost.CancelAsync().ConfigureAwait(false);
    }

    // Returns false if the lock is lost.
    private async Task<bool> TryRenewAsync()
    {
        await Task.Delay(_lease / 3, _time, _ending.Token).ConfigureAwait(false);
        while (IsHeld)
        {
            try
            {
                if (await DistributedLock.ReadAsync(_place, _token).WaitOrAbandonAsync(_ending.Token).ConfigureAwait(false) is not { } held)
                {
                    return false;
                }

                var sent = _clock.Now();
                var renewed = await _place.Server.CompareAsync(held.Origin, LockCommands.Renew(_place, _token, held.Cas, _lease))
                    .WaitOrAbandonAsync(_ending.Token)
                    .ConfigureAwait(false);
                if (renewed.Status != MetaStatus.Ok)
                {
                    return false;
                }

                lock (_lock)
                {
                    _until = sent.Plus((long)_lease.TotalMilliseconds);
                }

                return true;
            }
            catch (Exception e) when (e is MemcachedException or NearCacheException)
            {
                // Retried until the lease ends.
                await Task.Delay(TimeSpan.FromMilliseconds(100 + Random.Shared.Next(100)), _time, _ending.Token).ConfigureAwait(false);
            }
        }

        return false;
    }
}
