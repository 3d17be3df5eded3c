using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>
/// Continuous reads of keys without writes: half of them of the imported rule, half of another. About ten reads per second and key.
/// </summary>
internal sealed class BackgroundReads : IAsyncDisposable
{
    public const int Keys = 50;

    private readonly NearCacheClient _cache;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _reading;
    private readonly long[] _near = new long[2];
    private readonly long[] _all = new long[2];

    public BackgroundReads(NearCacheClient cache)
    {
        _cache = cache;
        _reading = ReadKeysAsync();
    }

    /// <summary>The share of near hits since the last call.</summary>
    public Ratios Take() => new(Of(0), Of(1));

    /// <summary>Waits until all keys are served near.</summary>
    public async Task SettleAsync() => await Eventually.BecomesTrueAsync(
        async () =>
        {
            Take();
            await Task.Delay(TimeSpan.FromSeconds(0.5), _stopping.Token);
            return Take() is { Other: 1, Own: 1 };
        },
        "all keys are near");

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading;
        _stopping.Dispose();
    }

    private double Of(int rule) => (double)Interlocked.Exchange(ref _near[rule], 0) / Math.Max(Interlocked.Exchange(ref _all[rule], 0), 1);

    private async Task ReadKeysAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            for (var key = 0; key < Keys; key++)
            {
                await ReadKeysAsync(0, $"product:{key}");
                await ReadKeysAsync(1, $"import:visited-{key}");
            }

            await Task.Delay(TimeSpan.FromSeconds(0.1), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadKeysAsync(int rule, string key)
    {
        var source = (await _cache.GetAsync<string>(key)).Source;
        Interlocked.Increment(ref _all[rule]);
        if (source == CacheSource.Near)
        {
            Interlocked.Increment(ref _near[rule]);
        }
    }

    internal readonly record struct Ratios(double Other, double Own);
}
