using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Reports.Core;

/// <summary>The keys of the reports of a namespace on a memcached server.</summary>
/// <remarks>docs/formats.md, "Process reports".</remarks>
internal sealed class ReportNames(string @namespace)
{
    /// <summary>The greatest number of places for summaries on a server.</summary>
    public const int MaxPlaces = 4096;

    /// <summary>The lifetime of a report after it was last stored, in seconds: how long a report outlives its process.</summary>
    public const int Lifetime = 900;

    /// <summary>The largest summary, in bytes.</summary>
    public const int MaxSummary = 512;

    /// <summary>The largest detail, in bytes.</summary>
    public const int MaxDetail = 8192;

    private readonly string _prefix = $"{CounterNames.Prefix}{@namespace}:report:";

    /// <summary>Gets the namespace.</summary>
    public string Namespace => @namespace;

    /// <summary>Gets the key of the item that bounds the places in use.</summary>
    public byte[] Places => Encode("places");

    /// <summary>Returns the key of a place, which holds the summary of one process.</summary>
    public byte[] Place(int place) => Encode(place.ToString(CultureInfo.InvariantCulture));

    /// <summary>Returns the key of the detail of a process.</summary>
    public byte[] Detail(string id) => Encode("detail:" + id);

    /// <summary>Returns the key of the counter of starts of a pod or host.</summary>
    public byte[] Starts(string podOrHost) =>
        Encode("starts:" + HashOf(podOrHost));

    /// <summary>Returns the hash by which reports compare a setting of processes.</summary>
    public static string HashOf(string text) =>
        KeyHash.Of(Encoding.UTF8.GetBytes(text)).Value.ToString("x16", CultureInfo.InvariantCulture);

    private byte[] Encode(string name) => Encoding.ASCII.GetBytes(_prefix + name);
}
