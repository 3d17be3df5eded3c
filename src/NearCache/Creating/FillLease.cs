using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Placement;
using NearCache.Remote;

namespace NearCache.Creating;

/// <summary>
/// The right to fill a key, held while the factory runs. It is renewed at a third of its time, and released when the fill fails.
/// </summary>
/// <remarks>The right is the CAS of an empty item with a short lifetime. A renewal touches the item, which keeps the CAS.</remarks>
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
    /// <param name="right">The permit, which has a CAS.</param>
    /// <param name="life">The lifetime of the empty item without a renewal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="abandoned">
    /// Stops renewing, because no caller waits. A factory that ignores its token delays others for at most <paramref name="life"/>.
    /// </param>
    public FillLease(in PlacedKey place, FillPermit right, TimeSpan life, TimeProvider time, CancellationToken abandoned)
    {
        (_place, _right, _life, _time) = (place, right, life, time);
        _done = CancellationTokenSource.CreateLinkedTokenSource(abandoned);
        _renewing = RenewAsync();
    }

    /// <summary>Removes the empty item, so that the next caller of any process need not wait until it expires.</summary>
    /// <returns>True if the item was still there, false if not; null if that is unknown.</returns>
    public Task<bool?> ReleaseAsync() => ReleaseAsync(_place, _right, _life, _time);

    /// <summary>Releases a permit without a renewal loop.</summary>
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
            // The item expires by itself.
        }

        return null;
    }

    // The connection broke, or the server does not reply now. Retried until the item has expired. Removing it twice with one CAS is
    // harmless.
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
                // Retried.
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

    /// <summary>
    /// Stops renewing. After the task has completed no renewal is in flight, so a value that is stored now keeps its lifetime.
    /// </summary>
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
                // A value may have been stored, which must not receive the lifetime of an empty item.
                var item = await _place.Server.CompareAsync(_right.Origin, look).WaitOrAbandonAsync(_done.Token).ConfigureAwait(false);
                if (item.Status != MetaStatus.Ok || item.Cas != _right.Cas)
                {
                    return;
                }

                await _place.Server.CompareAsync(_right.Origin, touch).WaitOrAbandonAsync(_done.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MemcachedException or NearCacheException)
            {
                // Not renewed: other processes may run their factories too.
            }
        }
    }
}
