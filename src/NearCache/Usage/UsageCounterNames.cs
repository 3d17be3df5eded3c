using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Usage;

/// <summary>The counters on memcached that hold what all processes together did by a rule, in ten seconds each.</summary>
/// <remarks>docs/formats.md, "Usage".</remarks>
internal sealed class UsageCounterNames(string @namespace)
{
    /// <summary>How many seconds one counter is for.</summary>
    public const int BucketSeconds = 10;

    /// <summary>The longest time between two additions of a process, in seconds.</summary>
    public const double LongestPeriod = BucketSeconds * 1.1;

    /// <summary>How long a counter lives, in seconds.</summary>
    public const int Lifetime = 120;

    private const string Letters = "hrwa";

    /// <summary>The bucket that an instant lies in, by the wall clock.</summary>
    public static long BucketOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / BucketSeconds;

    /// <summary>The name of a counter.</summary>
    public byte[] Of(long bucket, UsageKind kind, string rule) =>
        Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{CounterNames.Prefix}{@namespace}:usage:{bucket}:{Letters[(int)kind]}:{rule}"));
}

/// <summary>What is counted by rule. The names on memcached are the first letters.</summary>
internal enum UsageKind
{
    /// <summary>Reads that a near tier answered.</summary>
    NearHit,

    /// <summary>Reads that went to memcached.</summary>
    RemoteRead,

    /// <summary>Mutations.</summary>
    Write,

    /// <summary>Mutations handed to ZooKeeper.</summary>
    Announcement,
}
