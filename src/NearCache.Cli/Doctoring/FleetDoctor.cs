namespace NearCache.Cli.Doctoring;

/// <summary>Judges what was read of a fleet. The same reading always gives the same result.</summary>
internal static class FleetDoctor
{
    /// <summary>Returns the results of all checks, by group.</summary>
    public static IReadOnlyList<Check> Examine(FleetReading reading) => reading.Mistakes.Count > 0
        ? [.. ConfigurationChecks.Of(reading)]
        :
        [
            .. ConfigurationChecks.Of(reading),
            .. ServerChecks.Of(reading),
            .. AgreementChecks.Of(reading),
            .. reading is { Ensemble: null, Unread.Count: > 0 } ? [] : EnsembleChecks.Of(reading),
            .. ProcessChecks.Of(reading),
            .. CarrierChecks.Of(reading),
            .. RuleChecks.Of(reading),
            .. reading.Unread.Count > 0 ? [] : NamespaceChecks.Of(reading),
        ];

    /// <summary>Returns the exit code for the results.</summary>
    public static int ExitCodeOf(IEnumerable<Check> checks) => checks.Select(check => check.Level).DefaultIfEmpty().Max() switch
    {
        CheckLevel.Error => ExitCodes.Failure,
        CheckLevel.Warning => ExitCodes.Partly,
        _ => ExitCodes.Success,
    };
}
