namespace NearCache.Coherence.Core;

/// <summary>
/// The decisions on which it rests that a fill never overwrites a newer write. Every default is the design; tests break one at a time, as
/// with <see cref="Ledger.Core.ICoherenceProtocol"/>.
/// </summary>
internal interface IFillProtocol
{
    /// <summary>A fill stores only over the very item that was there before its factory read the source.</summary>
    static virtual bool ComparesCas => true;

    /// <summary>The CAS is that of before the factory ran, never one that is read after it.</summary>
    static virtual bool CasBeforeFactory => true;

    /// <summary>A CAS ends with the life of the server that gave it: ids start again at 1 in a server that was restarted.</summary>
    static virtual bool EndsWithLife => true;

    /// <summary>Who saw no item, and so has no CAS, does not store: adding would bring back what a removal took away.</summary>
    static virtual bool AddsWithoutCas => false;
}

/// <summary>The design, unbroken.</summary>
internal readonly struct FillProtocol : IFillProtocol;
