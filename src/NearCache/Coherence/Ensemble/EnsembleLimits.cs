using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ensemble;

/// <summary>
/// The limits of what one process sends to the ensemble besides its budgets for announcements and slots. <c>docs/operations/ensemble.md</c>
/// states the same figures.
/// </summary>
internal static class EnsembleLimits
{
    /// <summary>
    /// The most requests in the first 10 s of a session that check and repair the namespace, keep the member, and inspect the ensemble.
    /// </summary>
    public const int RequestsOfNewSession = 40;

    /// <summary>The most such requests a second afterwards.</summary>
    public const double RequestsPerSecond = 1;

    /// <summary>
    /// The most transactions among them that a new session makes at once: to create the namespace, its member and a quota, and three to
    /// tell what is behind the names of servers, if it contradicts what others see.
    /// </summary>
    public const int TransactionsOfNewSession = 6;

    /// <summary>
    /// The part of the namespace's announcements a second that such transactions of all members may use. Announcements have the rest.
    /// </summary>
    public const double ShareOfTransactions = 0.1;

    /// <summary>The most log lines a minute about failures of ZooKeeper. Changes of rules share them.</summary>
    public const int LogLinesPerMinute = LogBudget.LinesPerMinute;

    /// <summary>The first pause after a failed read, in milliseconds. It doubles with each further failure.</summary>
    public const long FirstReadPause = 1_000;

    /// <summary>The longest pause after a failed read, in milliseconds, ± 20 %.</summary>
    public const long LongestReadPause = 60_000;

    /// <summary>The first pause after a refused change, in milliseconds. A refused change is a transaction of the ensemble, too.</summary>
    public const long FirstChangePause = 2_000;

    /// <summary>The longest pause after a refused change, in milliseconds, ± 20 %.</summary>
    public const long LongestChangePause = 300_000;

    /// <summary>
    /// How long a purpose counts as failing after its last failure without a further request, in milliseconds. Longer than the
    /// longest pause.
    /// </summary>
    public const long FailsFor = 2 * LongestChangePause;
}
