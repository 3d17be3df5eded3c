namespace NearCache.Coherence.Core;

/// <summary>
/// The right to store what a factory returns: the item that was seen before the factory ran, won or not, and on which connection.
/// </summary>
/// <param name="Cas">Its CAS; null when there was none.</param>
/// <param name="Connection">
/// Which connection to the server it was read on: counted up by each new one, and noted before the read was sent.
/// </param>
/// <param name="Life">Which life of the server's counters it was read in; noted before the read was sent, too.</param>
internal readonly record struct FillPermit(ulong? Cas, long Connection, int Life)
{
    /// <summary>Where its CAS was read.</summary>
    public CasOrigin Origin => new(Life, Connection);

    /// <summary>How the factory's value may be stored now.</summary>
    /// <param name="isSameLife">Whether the server is in the life in which the CAS was read.</param>
    public StoreMode Now<TProtocol>(bool isSameLife)
        where TProtocol : struct, IFillProtocol
    {
        if (TProtocol.EndsWithLife && !isSameLife)
        {
            return StoreMode.Not;
        }

        if (!TProtocol.ComparesCas)
        {
            return StoreMode.Always;
        }

        return Cas is not null ? StoreMode.IfUnchanged : TProtocol.AddsWithoutCas ? StoreMode.IfAbsent : StoreMode.Not;
    }
}

/// <summary>How the value of a factory is stored.</summary>
internal enum StoreMode
{
    /// <summary>It is not: the caller gets it, and that is all.</summary>
    Not,

    /// <summary>By compare-and-set with the CAS of the right.</summary>
    IfUnchanged,

    /// <summary>Only where nothing is. Not part of the design.</summary>
    IfAbsent,

    /// <summary>Over whatever is there. Not part of the design.</summary>
    Always,
}
