using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ensemble;

/// <summary>
/// What one process may ask of the ensemble beside its budgets for announcements and slots. <c>docs/operations/ensemble.md</c> states the
/// same figures.
/// </summary>
internal static class EnsembleLimits
{
    /// <summary>
    /// Requests that check and repair the namespace, keep the member and look around: at most so many in the first 10 s of a session.
    /// </summary>
    public const int RequestsOfNewSession = 40;

    /// <summary>The same afterwards: requests a second.</summary>
    public const double RequestsPerSecond = 1;

    /// <summary>Transactions among them that a new session may make at once: it creates the namespace, its member, and a quota.</summary>
    public const int TransactionsOfNewSession = 3;

    /// <summary>
    /// The part of the namespace's announcements a second that all members together may use for such transactions. Announcements have the
    /// rest.
    /// </summary>
    public const double ShareOfTransactions = 0.1;

    /// <summary>Log lines a minute about failures of ZooKeeper. Changes of rules share them.</summary>
    public const int LogLinesPerMinute = LogBudget.LinesPerMinute;

    /// <summary>The first pause after a read that failed, in milliseconds; it doubles with each further one.</summary>
    public const long FirstReadPause = 1_000;

    /// <summary>The longest pause after a read that failed, in milliseconds, ± 20 %.</summary>
    public const long LongestReadPause = 60_000;

    /// <summary>The first pause after a refused change, in milliseconds. A refused change is a transaction of the ensemble, too.</summary>
    public const long FirstChangePause = 2_000;

    /// <summary>The longest pause after a refused change, in milliseconds, ± 20 %.</summary>
    public const long LongestChangePause = 300_000;

    /// <summary>
    /// How long after a failure its purpose counts as failing while nothing is asked for it any more, in milliseconds: more than the
    /// longest pause.
    /// </summary>
    public const long FailsFor = 2 * LongestChangePause;
}
