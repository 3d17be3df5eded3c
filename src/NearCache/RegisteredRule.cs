namespace NearCache;

/// <summary>A rule as the registry has it.</summary>
/// <param name="Settings">What it says. A copy: changing it changes nothing.</param>
/// <param name="Since">The revision in which <see cref="RuleOptions.Match"/> or <see cref="RuleOptions.Enabled"/> last changed.</param>
public sealed record RegisteredRule(RuleOptions Settings, long Since);
