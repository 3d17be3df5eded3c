using System.Globalization;
using System.Text;

namespace NearCache.Coherence.Core;

/// <summary>The keys of the counters, the log records and the rules of a namespace on a memcached server.</summary>
/// <remarks>
/// They start with a prefix that no application key can have. The 1 in it is the version of the format, which every change of these keys
/// raises. Documented in docs/formats.md.
/// </remarks>
internal sealed class CounterNames
{
    /// <summary>The prefix of all keys that do not belong to the application.</summary>
    public const string Prefix = "~nc:1:";

    /// <summary>The lifetime of a log record, in seconds.</summary>
    public const int LogLifetime = 60;

    private readonly ReadOnlyMemory<byte> _log;

    /// <summary>Creates the names of a namespace.</summary>
    public CounterNames(string @namespace)
    {
        Total = Encode($"{Prefix}{@namespace}:total");
        KeyPrefix = Encode($"{Prefix}{@namespace}:prefix");
        Identity = Encode($"{Prefix}{@namespace}:id");
        Identities = Encode($"{Prefix}{@namespace}:ids");
        Rules = Encode($"{Prefix}{@namespace}:rules");
        Churn = Encode($"{Prefix}{@namespace}:churn");
        Violations = Encode($"{Prefix}{@namespace}:violations");
        Segments = [.. Enumerable.Range(0, KeyHash.Segments).Select(segment =>
            Encode(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{@namespace}:segment:{segment:D2}")))];
        _log = Encode($"{Prefix}{@namespace}:log:");
    }

    /// <summary>Gets the key of the counter of all mutations.</summary>
    public ReadOnlyMemory<byte> Total { get; }

    /// <summary>Gets the keys of the segment counters.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments { get; }

    /// <summary>Gets the key of the item that holds the namespace's key prefix.</summary>
    public ReadOnlyMemory<byte> KeyPrefix { get; }

    /// <summary>Gets the key of the item that holds the identity of the server.</summary>
    public ReadOnlyMemory<byte> Identity { get; }

    /// <summary>Gets the key of the item that holds what processes know of the identities of servers.</summary>
    public ReadOnlyMemory<byte> Identities { get; }

    /// <summary>Gets the key of the item that holds the rules.</summary>
    public ReadOnlyMemory<byte> Rules { get; }

    /// <summary>
    /// Gets the key of the item that holds the churn breakers. It lives on one server, as an item of the application does.
    /// </summary>
    public ReadOnlyMemory<byte> Churn { get; }

    /// <summary>Gets the key of the counter of processes whose monitors saw violations. It lives on one server, too.</summary>
    public ReadOnlyMemory<byte> Violations { get; }

    /// <summary>Returns the key of the log record of a mutation.</summary>
    public ReadOnlyMemory<byte> Log(long n)
    {
        var key = new byte[_log.Length + 20];
        _log.CopyTo(key);
        _ = n.TryFormat(key.AsSpan(_log.Length), out var digits, provider: CultureInfo.InvariantCulture);
        return key.AsMemory(0, _log.Length + digits);
    }

    /// <summary>Returns the initial value of a counter: 48 random bits, so that two lives of a counter cannot be confused.</summary>
    public static long FirstValue(Random random) => random.NextInt64(1L << 20, 1L << 48);

    private static ReadOnlyMemory<byte> Encode(string name) => Encoding.UTF8.GetBytes(name);
}
