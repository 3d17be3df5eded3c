using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// The explained part of the counters of one server: the mutations of the server and of each segment that this process knows.
/// </summary>
/// <typeparam name="TProtocol">The decisions of the proof. <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
internal sealed class ExplainedCounters<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>Gets the explained mutations of the server.</summary>
    public GaplessPrefix Total { get; } = new();

    /// <summary>Gets the explained mutations of each segment.</summary>
    public GaplessPrefix[] Segments { get; } = [.. Enumerable.Range(0, KeyHash.Segments).Select(_ => new GaplessPrefix())];

    /// <summary>Marks a mutation as explained.</summary>
    /// <param name="n">The number of the mutation on the server.</param>
    /// <param name="segment">The segment of its key.</param>
    /// <param name="m">The number of the mutation in its segment; 0 if unknown.</param>
    public void Explain(long n, int segment, long m)
    {
        Total.Explain(n);
        Segments[segment].Explain(m);
    }

    /// <summary>Returns whether the reply to an audit shows that the server has lost its counters.</summary>
    public bool AreLost(in PendingRead sent, long total, long segment, out FlushReason how) =>
        IsLost(Total, total, sent.TotalAtLeast, out how) || IsLost(Segments[sent.Segment], segment, sent.SegmentsAtLeast[0], out how);

    /// <summary>Returns whether the reply to a flush shows that the server has lost its counters.</summary>
    public bool AreLost(in PendingRead sent, long total, ReadOnlySpan<long?> segments, out FlushReason how)
    {
        var lost = IsLost(Total, total, sent.TotalAtLeast, out how);
        for (var segment = 0; segment < KeyHash.Segments && !lost; segment++)
        {
            lost = IsLost(Segments[segment], segments[segment]!.Value, sent.SegmentsAtLeast[segment], out how);
        }

        return lost;
    }

    /// <summary>Takes the values of a flush as known and explained.</summary>
    /// <returns>A mask: bit s means that segment s shows more than was explained.</returns>
    public ulong AdvanceTo(long total, ReadOnlySpan<long?> segments)
    {
        ulong unexplained = 0;
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            var shown = segments[segment]!.Value;
            if (TProtocol.MustFlush(Segments[segment], shown))
            {
                unexplained |= 1ul << segment;
            }

            Segments[segment].AdvanceTo(shown);
        }

        Total.AdvanceTo(total);
        return unexplained;
    }

    /// <summary>Starts a new life of the counters at the values of a flush.</summary>
    public void Restart(long total, ReadOnlySpan<long?> segments)
    {
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            Segments[segment].Restart(segments[segment]!.Value);
        }

        Total.Restart(total);
    }

    private static bool IsLost(GaplessPrefix counter, long shown, long atLeast, out FlushReason how)
    {
        how = shown < atLeast ? FlushReason.CountersBackward : FlushReason.CountersJumped;
        return TProtocol.IsLost(shown, atLeast, counter.Known);
    }
}
