namespace NearCache;

/// <summary>Parts of a cache that tests switch off to prove that the tests notice.</summary>
internal sealed record TestSeams
{
    /// <summary>Serves near entries however long ago their server was confirmed: for the test that shows what the gate prevents.</summary>
    public bool HoldGateOpen { get; set; }

    /// <summary>
    /// Compiles every rule as if it covered every key: for the test that shows what limits the damage of a broken matcher.
    /// </summary>
    public bool BreakMatcher { get; set; }

    /// <summary>Believes the first count of the members, whatever it is: for tests that count transactions.</summary>
    public bool TrustFirstCount { get; set; }
}
