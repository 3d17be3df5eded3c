namespace NearCache.Coherence.Core;

/// <summary>
/// The decisions that keep a fill from overwriting a newer write. Each default is the protocol; tests replace one at a time, as with <see
/// cref="Ledger.Core.ICoherenceProtocol"/>.
/// </summary>
internal interface IFillProtocol
{
    /// <summary>A fill replaces only the item that was there before its factory read the source.</summary>
    static virtual bool ComparesCas => true;

    /// <summary>The CAS value is read before the factory runs, never after it.</summary>
    static virtual bool CasBeforeFactory => true;

    /// <summary>A CAS value is void after the life of the server that issued it: a restarted server counts from 1 again.</summary>
    static virtual bool EndsWithLife => true;

    /// <summary>Without an item there is no CAS value, and nothing is stored: adding would restore what a removal took away.</summary>
    static virtual bool AddsWithoutCas => false;
}

/// <summary>The protocol itself. Tests replace it to prove that they notice a broken one.</summary>
internal readonly struct FillProtocol : IFillProtocol;
