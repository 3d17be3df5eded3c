using System.Diagnostics;

namespace NearCache.TestSupport;

/// <summary>Waits for a condition that real servers bring about, with a bound far above what a busy machine needs.</summary>
public static class Eventually
{
    // For the last answer of a busy machine.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>Asks <paramref name="condition"/> every few milliseconds until it holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within <paramref name="atMost"/> (three minutes unless said).</exception>
    public static async Task BecomesTrueAsync(Func<bool> condition, string what, TimeSpan? atMost = null) =>
        await BecomesTrueAsync(() => Task.FromResult(condition()), what, atMost);

    /// <inheritdoc cref="BecomesTrueAsync(Func{bool}, string, TimeSpan?)"/>
    public static async Task BecomesTrueAsync(Func<Task<bool>> condition, string what, TimeSpan? atMost = null)
    {
        var bound = atMost ?? TimeSpan.FromMinutes(3);
        var clock = Stopwatch.StartNew();
        while (!await HoldsAsync())
        {
            if (clock.Elapsed > bound)
            {
                throw new TimeoutException($"Not within {bound.TotalSeconds:0} s: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        // A condition that never answers is not waited for either.
        async Task<bool> HoldsAsync()
        {
            var asked = condition();
            try
            {
                return await asked.WaitAsync(bound + Grace);
            }
            catch (TimeoutException) when (!asked.IsCompleted)
            {
                throw new TimeoutException($"Not answered within {(bound + Grace).TotalSeconds:0} s: {what}");
            }
        }
    }
}
