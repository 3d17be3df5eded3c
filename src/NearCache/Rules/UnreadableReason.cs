namespace NearCache.Rules;

/// <summary>Why rules that were found cannot be used by this process. They are left where they are.</summary>
/// <param name="IsNewer">A newer process wrote them, in a format that this one does not know.</param>
/// <param name="Reason">What is wrong, as the end of a sentence.</param>
internal readonly record struct UnreadableReason(bool IsNewer, string Reason);
