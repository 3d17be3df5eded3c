using System.Globalization;
using NearCache.Memcached.Connections;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>Counters: items whose value is a number of 64 bits in decimal digits.</summary>
/// <remarks>
/// All throw as <see cref="MemcachedWriteExtensions"/> do; <see cref="MemcachedServerErrorException"/> also when the value is no number.
/// </remarks>
public static class MemcachedCounterExtensions
{
    /// <summary>
    /// Adds <paramref name="delta"/>, wrapping at 2^64, and returns the new value; null if there is no counter and no
    /// <paramref name="initial"/>.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The counter's key.</param>
    /// <param name="delta">How much; 1 unless given.</param>
    /// <param name="initial">The value of a counter that this call makes, to which nothing is added; null makes none.</param>
    /// <param name="timeToLive">Of a counter that this call makes; zero, unless given, keeps for ever.</param>
    /// <param name="cancellationToken">Gives up the answer; the addition may happen all the same.</param>
    public static ValueTask<ulong?> IncrementAsync(
        this MemcachedClient client, string key, ulong delta = 1, ulong? initial = null, TimeSpan timeToLive = default, CancellationToken cancellationToken = default) =>
        CountAsync(client, key, delta, initial, timeToLive, isDecrement: false, cancellationToken);

    /// <summary>
    /// Subtracts <paramref name="delta"/>, stopping at 0, and returns the new value; null if there is no counter and no
    /// <paramref name="initial"/>.
    /// </summary>
    /// <inheritdoc cref="IncrementAsync" path="/param"/>
    public static ValueTask<ulong?> DecrementAsync(
        this MemcachedClient client, string key, ulong delta = 1, ulong? initial = null, TimeSpan timeToLive = default, CancellationToken cancellationToken = default) =>
        CountAsync(client, key, delta, initial, timeToLive, isDecrement: true, cancellationToken);

    /// <summary>Reads a counter and leaves it as it is; null if there is none.</summary>
    /// <remarks>
    /// The server keeps a counter in as many digits as it once had, with spaces behind: one that was counted down from 1000 reads as
    /// <c>"999 "</c> by <see cref="MemcachedReadExtensions.GetAsync(MemcachedClient, string, CancellationToken)"/>.
    /// </remarks>
    /// <param name="client">The client.</param>
    /// <param name="key">The counter's key.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <exception cref="FormatException">The value is no number of 64 bits.</exception>
    public static async ValueTask<ulong?> GetCounterAsync(
        this MemcachedClient client, string key, CancellationToken cancellationToken = default) =>
        await client.GetAsync(key, cancellationToken).ConfigureAwait(false) is not { } value ? null
            : ulong.TryParse(value.AsSpan().TrimEnd((byte)' '), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new FormatException($"The value of the counter is no number: it has {value.Length} bytes.");

    private static ValueTask<ulong?> CountAsync(
        MemcachedClient client, string key, ulong delta, ulong? initial, TimeSpan timeToLive, bool isDecrement, CancellationToken cancellationToken)
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
