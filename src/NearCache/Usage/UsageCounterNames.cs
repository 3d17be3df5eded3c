using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Usage;

/// <summary>The names of the counters on memcached that hold the use of a rule by all processes, one for every ten seconds.</summary>
/// <remarks>docs/formats.md, "Usage".</remarks>
internal sealed class UsageCounterNames(string @namespace)
{
    /// <summary>The seconds that one counter covers.</summary>
    public const int BucketSeconds = 10;

    /// <summary>The longest time between two reports of a process, in seconds.</summary>
    public const double LongestPeriod = BucketSeconds * 1.1;

    /// <summary>The lifetime of a counter, in seconds.</summary>
    public const int Lifetime = 120;

    private const string Letters = "hrwaeb";

    /// <summary>Returns the bucket of an instant, by the wall clock.</summary>
    public static long BucketOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / BucketSeconds;

    /// <summary>Gets the name of the item with the circuits of the churn breaker.</summary>
    public byte[] Circuits => new CounterNames(@namespace).Churn.ToArray();

    /// <summary>Returns the name of a counter.</summary>
    public byte[] Of(long bucket, UsageKind kind, string rule) =>
        Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{CounterNames.Prefix}{@namespace}:usage:{bucket}:{Letters[(int)kind]}:{rule}"));
}

/// <summary>Specifies what is counted for a rule. The names on memcached are the first letters.</summary>
internal enum UsageKind
{
    /// <summary>Reads that a near tier answered.</summary>
    NearHit,

    /// <summary>Reads that went to memcached.</summary>
    RemoteRead,

    /// <summary>Writes.</summary>
    Write,

    /// <summary>Writes announced through ZooKeeper.</summary>
    Announcement,

    /// <summary>The present number of near entries: each process adds it once in each counter.</summary>
    NearEntries,

    /// <summary>The present bytes of near entries, added in the same way.</summary>
    NearBytes,
}
