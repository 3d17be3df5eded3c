namespace NearCache.Coherence.Ledger;

/// <summary>What takes the place of counters where the remote has none.</summary>
internal interface IConfirmation
{
    /// <summary>Milliseconds from one confirmation to the next, as the size of the fleet is now.</summary>
    long Period { get; }

    /// <summary>
    /// Asked before each audit, and before what is known of the rules is relied upon. True: whatever was announced, and every edit of the
    /// rules that was made, before this was called has been taken in here. False: nobody can say now.
    /// </summary>
    Task<bool> ConfirmAsync(CancellationToken cancellationToken);
}
