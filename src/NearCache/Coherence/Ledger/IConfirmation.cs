namespace NearCache.Coherence.Ledger;

/// <summary>Confirms the near entries of a remote without counters.</summary>
internal interface IConfirmation
{
    /// <summary>Gets the time from one confirmation to the next, in milliseconds. Depends on the size of the fleet.</summary>
    long Period { get; }

    /// <summary>
    /// Called before each audit, and before this process relies on what it knows of the rules. Returns true if every announcement and every
    /// edit of the rules from before the call has been applied, and false if that is unknown.
    /// </summary>
    Task<bool> ConfirmAsync(CancellationToken cancellationToken);
}
