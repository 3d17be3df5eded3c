namespace NearCache.Coherence.ServerRules.Core;

/// <summary>A rule between two changes of its match or enable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">The revision of the set in which match or enable last changed.</param>
/// <param name="Match">
/// The keys that it covers: two processes may make the same revision of different rules, and a lease of one is none of the other.
/// </param>
internal readonly record struct RuleIdentity(string Name, long Since, string Match = "")
{
    // Asked by every fill; a set has few rules, and reading all letters would cost more than to compare twice now and then.
    public override int GetHashCode() =>
        Name.Length == 0 ? (int)Since : unchecked(((int)Since * 397) ^ (Name.Length << 16) ^ (Name[^1] << 5) ^ Name[Name.Length / 2]);
}
