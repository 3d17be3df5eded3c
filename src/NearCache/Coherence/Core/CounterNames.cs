using System.Globalization;
using System.Text;

namespace NearCache.Coherence.Core;

/// <summary>The keys under which a memcached server carries the counters, the log and the rules of a namespace.</summary>
/// <remarks>
/// They begin with a prefix that no application key can have. The 1 is the format: a change of anything here is another number. Written
/// down in docs/formats.md.
/// </remarks>
internal sealed class CounterNames
{
    /// <summary>What every key that is not the application's begins with.</summary>
    public const string Prefix = "~nc:1:";

    /// <summary>How long a log record lives, in seconds.</summary>
    public const int LogLifetime = 60;

    private readonly ReadOnlyMemory<byte> _log;

    /// <summary>Makes the names of a namespace.</summary>
    public CounterNames(string @namespace)
    {
        Total = Encode($"{Prefix}{@namespace}:total");
        KeyPrefix = Encode($"{Prefix}{@namespace}:prefix");
        Rules = Encode($"{Prefix}{@namespace}:rules");
        Churn = Encode($"{Prefix}{@namespace}:churn");
        Segments = [.. Enumerable.Range(0, KeyHash.Segments).Select(segment => Encode(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{@namespace}:segment:{segment:D2}")))];
        _log = Encode($"{Prefix}{@namespace}:log:");
    }

    /// <summary>The counter of all mutations.</summary>
    public ReadOnlyMemory<byte> Total { get; }

    /// <summary>The counters of the segments.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments { get; }

    /// <summary>The item that says which prefix the namespace's keys have.</summary>
    public ReadOnlyMemory<byte> KeyPrefix { get; }

    /// <summary>The item that carries the rules.</summary>
    public ReadOnlyMemory<byte> Rules { get; }

    /// <summary>The item that carries the churn breakers. It is on one server, as an item of the application would be.</summary>
    public ReadOnlyMemory<byte> Churn { get; }

    /// <summary>The log record of a mutation.</summary>
    public ReadOnlyMemory<byte> Log(long n)
    {
        var key = new byte[_log.Length + 20];
        _log.CopyTo(key);
        _ = n.TryFormat(key.AsSpan(_log.Length), out var digits, provider: CultureInfo.InvariantCulture);
        return key.AsMemory(0, _log.Length + digits);
    }

    /// <summary>The value that a counter starts with: 48 random bits, so that two lives of a counter cannot be taken for one.</summary>
    public static long FirstValue(Random random) => random.NextInt64(1L << 20, 1L << 48);

    private static ReadOnlyMemory<byte> Encode(string name) => Encoding.UTF8.GetBytes(name);
}
