namespace NearCache.HotKeys.Core;

/// <summary>What was counted of a key or of a prefix, or one event of it. Each member is a sum of weights.</summary>
/// <remarks>A field per kind of event: the sums are added on the path of a remote read.</remarks>
internal struct KeyCounts
{
    /// <summary>Reads that the remote answered.</summary>
    public double Reads;

    /// <summary>Those among them that a near tier would have answered.</summary>
    public double Saved;

    /// <summary>Reads that the near tier answered, by the sample of near hits.</summary>
    public double NearHits;

    /// <summary>Mutations.</summary>
    public double Writes;

    /// <summary>Mutations that succeed only if the key is absent, as acquiring a lock does.</summary>
    public double Adds;

    /// <summary>Mutations that succeed only if the item is unchanged, as counting does.</summary>
    public double Compares;

    /// <summary>Extensions of a lifetime, as using a session does.</summary>
    public double Touches;

    /// <summary>The bytes of the values that were measured.</summary>
    public double Bytes;

    /// <summary>The number of values that were measured.</summary>
    public double Sizes;

    /// <summary>The microseconds of the reads that were measured.</summary>
    public double Microseconds;

    /// <summary>The number of reads that were measured.</summary>
    public double Durations;

    /// <summary>Gets the mean size of a value in bytes; null if none was measured.</summary>
    public readonly long? MeanBytes => Sizes > 0 ? (long)(Bytes / Sizes) : null;

    /// <summary>Gets the mean duration of a read in microseconds; null if none was measured.</summary>
    public readonly long? MeanMicroseconds => Durations > 0 ? (long)(Microseconds / Durations) : null;

    /// <summary>Adds a remote read.</summary>
    public void AddRead(double weight, double saved)
    {
        Reads += weight;
        Saved += saved;
    }

    /// <summary>Adds an event.</summary>
    /// <param name="counts">The event, each member a number.</param>
    /// <param name="weight">The weight of the event.</param>
    public void Add(in KeyCounts counts, double weight)
    {
        Reads += counts.Reads * weight;
        Saved += counts.Saved * weight;
        NearHits += counts.NearHits * weight;
        Writes += counts.Writes * weight;
        Adds += counts.Adds * weight;
        Compares += counts.Compares * weight;
        Touches += counts.Touches * weight;
        Bytes += counts.Bytes * weight;
        Sizes += counts.Sizes * weight;
        Microseconds += counts.Microseconds * weight;
        Durations += counts.Durations * weight;
    }

    /// <summary>Multiplies every sum.</summary>
    public void Scale(double factor)
    {
        var before = this;
        this = default;
        Add(before, factor);
    }
}
