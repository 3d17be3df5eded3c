using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// The counters of one server, as far as they are explained: which mutations of the server and of each segment this process knows.
/// </summary>
/// <typeparam name="TProtocol">The decisions of the proof; <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
internal sealed class ExplainedCounters<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>The explained mutations of the server.</summary>
    public GaplessPrefix Total { get; } = new();

    /// <summary>The explained mutations of each segment.</summary>
    public GaplessPrefix[] Segments { get; } = [.. Enumerable.Range(0, KeyHash.Segments).Select(_ => new GaplessPrefix())];

    /// <summary>A mutation is accounted for.</summary>
    /// <param name="n">Which mutation of the server it was.</param>
    /// <param name="segment">The segment of its key.</param>
    /// <param name="m">Which mutation of the segment it was; 0 if that is not known.</param>
    public void Explain(long n, int segment, long m)
    {
        Total.Explain(n);
        Segments[segment].Explain(m);
    }

    /// <summary>Does what an audit shows mean that the server has lost its counters?</summary>
    public bool AreLost(in PendingRead sent, long total, long segment, out FlushReason how) =>
        IsLost(Total, total, sent.TotalAtLeast, out how) || IsLost(Segments[sent.Segment], segment, sent.SegmentsAtLeast[0], out how);

    /// <summary>Does what a flush shows mean that the server has lost its counters?</summary>
    public bool AreLost(in PendingRead sent, long total, ReadOnlySpan<long?> segments, out FlushReason how)
    {
        var lost = IsLost(Total, total, sent.TotalAtLeast, out how);
        for (var segment = 0; segment < KeyHash.Segments && !lost; segment++)
        {
            lost = IsLost(Segments[segment], segments[segment]!.Value, sent.SegmentsAtLeast[segment], out how);
        }

        return lost;
    }

    /// <summary>What a flush shows is known from now on, and explained.</summary>
    /// <returns>Bit s: segment s shows more than was explained.</returns>
    public ulong Learn(long total, ReadOnlySpan<long?> segments)
    {
        ulong unexplained = 0;
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            var shown = segments[segment]!.Value;
            if (TProtocol.MustFlush(Segments[segment], shown))
            {
                unexplained |= 1ul << segment;
            }

            Segments[segment].Learn(shown);
        }

        Total.Learn(total);
        return unexplained;
    }

    /// <summary>Nothing that was known counts any more: the counters stand where a flush shows them.</summary>
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
