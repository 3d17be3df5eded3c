using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>The right to fill a key, held while the factory runs: renewed at a third of its time, given back when the factory failed.</summary>
/// <remarks>The right is the CAS of an empty item with a short life. Renewing touches the item, which leaves the CAS alone.</remarks>
internal sealed class FillLease : IAsyncDisposable
{
    private readonly PlacedKey _place;
    private readonly ulong _cas;
    private readonly CasOrigin _origin;
    private readonly TimeSpan _life;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _done = new();
    private readonly Task _renewing;

    public FillLease(in PlacedKey place, ulong cas, CasOrigin origin, TimeSpan life, TimeProvider time)
    {
        _place = place;
        _cas = cas;
        _origin = origin;
        _life = life;
        _time = time;
        _renewing = RenewAsync();
    }

    /// <summary>Removes the empty item, so that the next caller anywhere need not wait for its end.</summary>
    public async Task ReleaseAsync()
    {
        try
        {
            await _place.Server.CompareAsync(_origin, MetaCommand.Delete(_place.Physical) with { CompareCas = _cas }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            // It ends by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                // Somebody's value may stand there by now, and must not get the life of an empty item.
                var item = await _place.Server.CompareAsync(_origin, look).WaitAsync(_done.Token).ConfigureAwait(false);
                if (item.Status != MetaStatus.Ok || item.Cas != _cas)
                {
                    return;
                }

                await _place.Server.CompareAsync(_origin, touch).WaitAsync(_done.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MemcachedException or NearCacheException)
            {
                // Not renewed: others may run their factories too.
            }
        }
    }
}
