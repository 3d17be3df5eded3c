using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Placement;
using NearCache.Remote;

namespace NearCache.Creating;

/// <summary>
/// The right to fill a key, held while the factory runs: renewed at a third of its time, and given back when nothing came of it.
/// </summary>
/// <remarks>The right is the CAS of an empty item with a short life. Renewing touches the item, which leaves the CAS alone.</remarks>
internal sealed class FillLease : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    private readonly PlacedKey _place;
    private readonly FillPermit _right;
    private readonly TimeSpan _life;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _done;
    private readonly Task _renewing;

    /// <param name="place">The key.</param>
    /// <param name="right">The right, which has a CAS.</param>
    /// <param name="life">How long the empty item lives if it is not renewed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="abandoned">
    /// Ends renewing: no caller waits any more. A factory that does not look at its token keeps others waiting no longer than
    /// <paramref name="life"/>.
    /// </param>
    public FillLease(in PlacedKey place, FillPermit right, TimeSpan life, TimeProvider time, CancellationToken abandoned)
    {
        (_place, _right, _life, _time) = (place, right, life, time);
        _done = CancellationTokenSource.CreateLinkedTokenSource(abandoned);
        _renewing = RenewAsync();
    }

    /// <summary>Removes the empty item, so that the next caller anywhere need not wait for its end.</summary>
    /// <returns>Whether it was still there; null: that is not known.</returns>
    public Task<bool?> ReleaseAsync() => ReleaseAsync(_place, _right, _life, _time);

    /// <summary>The same of a lease that was never held.</summary>
    public static async Task<bool?> ReleaseAsync(PlacedKey place, FillPermit right, TimeSpan life, TimeProvider time)
    {
        try
        {
            return await RemoveAsync(place, right).ConfigureAwait(false);
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            _ = ReleaseLaterAsync(place, right, life, time);
        }
        catch (ObjectDisposedException)
        {
            // It ends by itself.
        }

        return null;
    }

    // The connection was lost, or the server does not answer for a moment: tried again until the item has ended by itself. To remove it
    // twice by one CAS does no harm.
    private static async Task ReleaseLaterAsync(PlacedKey place, FillPermit right, TimeSpan life, TimeProvider time)
    {
        var began = time.GetTimestamp();
        for (var pause = ShortestPause; time.GetElapsedTime(began) < life; pause *= 2)
        {
            await Task.Delay(pause, time, CancellationToken.None).ConfigureAwait(false);
            try
            {
                await RemoveAsync(place, right).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is MemcachedException or NearCacheException)
            {
                // Not yet.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static async Task<bool> RemoveAsync(PlacedKey place, FillPermit right) =>
        (
            await place.Server.CompareAsync(right.Origin, MetaCommand.Delete(place.Physical) with { CompareCas = right.Cas })
                .ConfigureAwait(false)).Status == MetaStatus.Ok;

    /// <summary>Renews no more, and has no renewal under way when it ends: a value that is stored now keeps its own life.</summary>
    public ConfiguredTaskAwaitable StopRenewingAsync()
    {
        _done.Cancel();
        return _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRenewingAsync();
        _done.Dispose();
    }

    private async Task RenewAsync()
    {
        var look = MetaCommand.Get(_place.Physical, MetaFields.Cas);
        var touch = MetaCommand.Get(_place.Physical, MetaFields.None) with { TimeToLive = Expiry.Of(_life, _time) };
        while (true)
        {
            await Task.Delay(_life / 3, _time, _done.Token).ConfigureAwait(false);
            try
            {
                // A value may stand there by now, and must not get the life of an empty item.
                var item = await _place.Server.CompareAsync(_right.Origin, look).WaitOrAbandonAsync(_done.Token).ConfigureAwait(false);
                if (item.Status != MetaStatus.Ok || item.Cas != _right.Cas)
                {
                    return;
                }

                await _place.Server.CompareAsync(_right.Origin, touch).WaitOrAbandonAsync(_done.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MemcachedException or NearCacheException)
            {
                // Not renewed: others may run their factories too.
            }
        }
    }
}
