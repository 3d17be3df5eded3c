using NearCache.Coherence.Core;
using NearCache.Locks;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache;

/// <summary>A lock that was acquired. It is renewed until it is disposed, or lost.</summary>
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

    /// <summary>What was locked.</summary>
    public string Name => _place.Name;

    /// <summary>
    /// A number above those of all earlier holders of this lock. Send it with what you change, and have that refuse lower ones.
    /// </summary>
    /// <remarks>
    /// It starts at the microseconds since 1970 and counts every try to acquire the lock. When its server loses it, it starts anew at the
    /// time of then: still above all before, as long as the lock was tried less than a million times a second on average, and the clock of
    /// whoever starts it anew is not behind by more than what that leaves. It says nothing across different locks.
    /// </remarks>
    public long Fence { get; }

    /// <summary>
    /// Cancelled when the lock can no longer be relied upon: somebody else has it, it was lost, or it could not be renewed in time.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>
    /// Whether the lock can be relied upon now. A process that was paused sees by this, before it goes on, that its lease has ended.
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
    /// Gives the lock back, if it is still this holder's. A failure of memcached is not thrown: then the lock ends with its lease.
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
    /// Ends the renewal and begins to give the lock back, without waiting: another holder may have to wait a little longer, at most for the
    /// lease.
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
            // The cache has ended, and with it the lock.
        }

        await _lost.CancelAsync().ConfigureAwait(false);
    }

    // False: it is lost.
    private async Task<bool> TryRenewAsync()
    {
        await Task.Delay(_lease / 3, _time, _ending.Token).ConfigureAwait(false);
        while (IsHeld)
        {
            try
            {
                if (await DistributedLock.LookAsync(_place, _token).WaitOrAbandonAsync(_ending.Token).ConfigureAwait(false) is not { } held)
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
                // Tried again for as long as the lease lasts.
                await Task.Delay(TimeSpan.FromMilliseconds(100 + Random.Shared.Next(100)), _time, _ending.Token).ConfigureAwait(false);
            }
        }

        return false;
    }
}
