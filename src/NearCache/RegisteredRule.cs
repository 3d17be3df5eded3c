namespace NearCache;

/// <summary>A rule as the registry has it.</summary>
public sealed record RegisteredRule
{
    /// <summary>What it says. A copy: changing it changes nothing.</summary>
    public required RuleOptions Settings { get; init; }

    /// <summary>The revision in which <see cref="RuleOptions.Match"/> or <see cref="RuleOptions.Enabled"/> last changed.</summary>
    public required long Since { get; init; }
}
