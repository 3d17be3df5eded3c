namespace NearCache.Coherence.ServerRules.Core;

/// <summary>Says whether a rule, or any rule of a set, covers a key.</summary>
internal delegate bool KeyPredicate(ReadOnlySpan<char> key);
