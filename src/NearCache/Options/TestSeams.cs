namespace NearCache;

/// <summary>Parts of a cache that tests disable, to prove that the tests notice.</summary>
internal sealed record TestSeams
{
    /// <summary>
    /// Gets or sets a value indicating whether near entries are served without a confirmation, to show what the gate prevents.
    /// </summary>
    public bool HoldGateOpen { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether every rule matches every key, to show what limits the damage of a broken matcher.
    /// </summary>
    public bool BreakMatcher { get; set; }

    /// <summary>Gets or sets a value indicating whether the first count of members is trusted, for tests that count transactions.</summary>
    public bool TrustFirstCount { get; set; }

    /// <summary>Gets or sets how many times as fast the process joins and counts the members, for tests that await the count.</summary>
    public int MembershipSpeed { get; set; } = 1;
}
