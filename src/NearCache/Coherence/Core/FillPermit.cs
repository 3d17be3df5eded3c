namespace NearCache.Coherence.Core;

/// <summary>
/// The right to store what a factory returns: the item that was read before the factory ran, and the connection that read it.
/// </summary>
/// <param name="Cas">The CAS value of the item; null if there was none.</param>
/// <param name="Connection">
/// The connection that read the item, noted before the read was sent. Each new connection has a higher number.
/// </param>
/// <param name="Life">The life of the server's counters, noted before the read was sent.</param>
internal readonly record struct FillPermit(ulong? Cas, long Connection, int Life)
{
    /// <summary>Gets the origin of the CAS value.</summary>
    public CasOrigin Origin => new(Life, Connection);

    /// <summary>Returns how the factory's value may be stored now.</summary>
    /// <param name="isSameLife">Whether the server is still in the life in which the CAS value was read.</param>
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

/// <summary>Specifies how the value of a factory is stored.</summary>
internal enum StoreMode
{
    /// <summary>The value is not stored, and only the caller gets it.</summary>
    Not,

    /// <summary>By compare-and-set with the CAS value of the permit.</summary>
    IfUnchanged,

    /// <summary>Only if there is no item. Used by broken protocols alone.</summary>
    IfAbsent,

    /// <summary>Over any item. Used by broken protocols alone.</summary>
    Always,
}
