namespace NearCache;

/// <summary>Finds what a namespace reads and writes most, and proposes which rules to add, promote and remove.</summary>
/// <remarks>
/// A person decides: nothing is added, promoted or removed automatically, because a rule that was added unnoticed can cover the wrong keys.
/// The figures come from the reports of all processes; the own process is as of now. Also available as a service of the container.
/// </remarks>
public interface IRuleAdvisor
{
    /// <summary>Reads the hottest keys, the busiest prefixes, and the use of the rules.</summary>
    /// <param name="cancellationToken">Cancels the wait for the servers.</param>
    Task<FleetHotKeys> GetHotKeysAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads the same, and proposes edits of the rules. Changes nothing.</summary>
    /// <param name="cancellationToken">Cancels the wait for the servers.</param>
    Task<RuleAdvice> GetProposalsAsync(CancellationToken cancellationToken = default);
}
