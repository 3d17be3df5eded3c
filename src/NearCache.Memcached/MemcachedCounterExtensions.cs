using System.Globalization;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Extension methods for counters: items whose value is a 64-bit number in decimal digits.</summary>
/// <remarks>
/// The methods throw the exceptions of <see cref="MemcachedWriteExtensions"/>, and <see cref="MemcachedServerErrorException"/> if the value
/// is not a number.
/// </remarks>
public static class MemcachedCounterExtensions
{
    /// <summary>
    /// Adds <paramref name="delta"/> to a counter, wrapping at 2^64, and returns the new value. Returns null if the counter does not exist
    /// and <paramref name="initial"/> is null.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The counter's key.</param>
    /// <param name="delta">The amount. 1 by default.</param>
    /// <param name="initial">The value of a counter that this call creates; <paramref name="delta"/> is not added to it. If null, none is
    /// created.</param>
    /// <param name="timeToLive">The time to live of a counter that this call creates. Zero, the default, is unlimited.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply; the operation may still be executed.</param>
    public static ValueTask<ulong?> IncrementAsync(
        this MemcachedClient client,
        string key,
        ulong delta = 1,
        ulong? initial = null,
        TimeSpan timeToLive = default,
        CancellationToken cancellationToken = default) =>
        CountAsync(client, key, delta, initial, timeToLive, isDecrement: false, cancellationToken);

    /// <summary>
    /// Subtracts <paramref name="delta"/> from a counter, stopping at 0, and returns the new value. Returns null if the counter does not
    /// exist and <paramref name="initial"/> is null.
    /// </summary>
    /// <inheritdoc cref="IncrementAsync" path="/param"/>
    public static ValueTask<ulong?> DecrementAsync(
        this MemcachedClient client,
        string key,
        ulong delta = 1,
        ulong? initial = null,
        TimeSpan timeToLive = default,
        CancellationToken cancellationToken = default) =>
        CountAsync(client, key, delta, initial, timeToLive, isDecrement: true, cancellationToken);

    /// <summary>Returns the value of a counter without changing it, or null if it does not exist.</summary>
    /// <remarks>
    /// The server stores a counter with the most digits that it has had, padded with spaces: after counting down from 1000,
    /// <see cref="MemcachedReadExtensions.GetAsync(MemcachedClient, string, CancellationToken)"/> returns <c>"999 "</c>.
    /// </remarks>
    /// <param name="client">The client.</param>
    /// <param name="key">The counter's key.</param>
    /// <param name="cancellationToken">Cancels the wait for the reply.</param>
    /// <exception cref="FormatException">The value is not a 64-bit number.</exception>
    public static async ValueTask<ulong?> GetCounterAsync(
        this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        await client.GetAsync(key, cancellationToken).ConfigureAwait(false) is not { } value ? null
            : ulong.TryParse(value.AsSpan().TrimEnd((byte)' '), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new FormatException($"The value of the counter is not a number; it has {value.Length} bytes.");

    private static ValueTask<ulong?> CountAsync(
        MemcachedClient client,
        string key,
        ulong delta,
        ulong? initial,
        TimeSpan timeToLive,
        bool isDecrement,
        CancellationToken cancellationToken)
    {
        var expiration = MemcachedReadExtensions.Checked(client).Expiration(timeToLive);
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Arithmetic,
            Delta = delta,
            Initial = initial.GetValueOrDefault(),
            Vivify = initial is null ? null : expiration,
            Decrement = isDecrement,
            Return = MetaFields.Value,
        };
        return client.RunAsync(command, key, null, ResultSelectors.Counter, cancellationToken);
    }
}
