using System.Security.Cryptography;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache.Locks;

/// <summary>Acquires locks. A lock is an item that only one process can add.</summary>
internal sealed class DistributedLock(
    Func<string, PlacedLock> place, NearClock clock, TimeProvider time, NearCacheMetrics metrics) : IDistributedLock
{
    private const int ShortestPause = 10;
    private const int LongestPause = 250;

    /// <inheritdoc/>
    public Task<LockHandle?> TryAcquireAsync(string name, LockOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        options ??= new LockOptions();
        if (options.Lease < TimeSpan.FromSeconds(1) || options.Lease > TimeSpan.FromHours(1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Lease, "Lease must be from 00:00:01 to 01:00:00.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.Wait, TimeSpan.Zero, nameof(options));
        return TryAcquireAsync(place(name), options.Lease, options.Wait, cancellationToken);
    }

    private async Task<LockHandle?> TryAcquireAsync(
        PlacedLock lockPlace, TimeSpan lease, TimeSpan wait, CancellationToken cancellationToken)
    {
        var token = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var until = clock.Monotonic() + wait.TotalMilliseconds;
        for (var pause = ShortestPause; ; pause = Math.Min(2 * pause, LongestPause))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryAsync(lockPlace, token, lease).ConfigureAwait(false) is { } handle)
            {
                return handle;
            }

            var left = until - clock.Monotonic();
            if (left <= 0)
            {
                return null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(left, pause * (0.5 + Random.Shared.NextDouble()))), time, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // Not cancelled after it was sent: the process must learn whether it has acquired the lock.
    private async Task<LockHandle?> TryAsync(PlacedLock lockPlace, byte[] token, TimeSpan lease)
    {
        var sent = clock.Now();
        try
        {
            var reply = await lockPlace.Server.Server.ExecuteAsync(LockCommands.Acquire(lockPlace, token, lease, time.GetUtcNow()))
                .ConfigureAwait(false);
            if (reply.Responses[0].Status is MetaStatus.NotStored or MetaStatus.Exists)
            {
                return null;
            }

            if (reply.Responses[0].Status == MetaStatus.Ok && LockCommands.Number(reply.Responses[1]) is { } fence)
            {
                return new LockHandle(lockPlace, token, fence, lease, sent, clock, time);
            }

            await ReleaseAsync(lockPlace, token).ConfigureAwait(false);
            throw new NearCacheException("A lock was refused by memcached.") { Key = lockPlace.Name };
        }
        catch (MemcachedException e)
        {
            metrics.RemoteFailed("lock");
            if (e.OutcomeUnknown)
            {
                // The lock may have been acquired: it is released, or ends with its lease.
                _ = ReleaseAsync(lockPlace, token);
            }

            throw new NearCacheException($"lock failed: {e.Message}", e)
            {
                IsTransient = e.IsTransient,
                OutcomeUnknown = e.OutcomeUnknown,
                Key = lockPlace.Name,
            };
        }
    }

    /// <summary>Reads a lock, and verifies that it still has this token.</summary>
    /// <returns>The CAS of its item and where it was read; null if the token differs or the item is absent.</returns>
    public static async Task<(ulong Cas, CasOrigin Origin)?> ReadAsync(PlacedLock lockPlace, ReadOnlyMemory<byte> token)
    {
        var life = lockPlace.Server.Epoch;
        var reply = await lockPlace.Server.Server.ExecuteAsync(new[] { LockCommands.Read(lockPlace) }).ConfigureAwait(false);
        var item = reply.Responses[0];
        return item.Status == MetaStatus.Ok && item.Value.Span.SequenceEqual(token.Span)
            ? (item.Cas, new CasOrigin(life, reply.ConnectionId))
            : null;
    }

    /// <summary>Releases a lock if it still has this token.</summary>
    /// <returns>True if the lock was released; otherwise, false.</returns>
    public static async Task<bool> ReleaseAsync(PlacedLock lockPlace, ReadOnlyMemory<byte> token)
    {
        try
        {
            return await ReadAsync(lockPlace, token).ConfigureAwait(false) is { } held
                && (
                    await lockPlace.Server.CompareAsync(held.Origin, LockCommands.Release(lockPlace, held.Cas))
                        .ConfigureAwait(false)).Status == MetaStatus.Ok;
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            // The lock ends with its lease.
            return false;
        }
    }
}
