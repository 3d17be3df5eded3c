namespace NearCache.Rules;

/// <summary>A place at which prefixes part or end.</summary>
/// <param name="Depth">How many letters lead here.</param>
/// <param name="FirstLetter">The lowest letter by which it goes on.</param>
/// <param name="Letters">How many letters from that on have a place among the children.</param>
/// <param name="FirstChild">Where its children begin.</param>
/// <param name="WithRules">This place if rules' literal prefixes end here, else the nearest one above; −1: none.</param>
/// <param name="Above">The nearest one above this with rules; −1: none.</param>
internal readonly record struct RuleTrieNode(int Depth, int FirstLetter, int Letters, int FirstChild, int WithRules, int Above);
