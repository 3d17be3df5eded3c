namespace NearCache;

/// <summary>An edit of the rules that was refused: nothing was changed.</summary>
public sealed class RuleRefusedException : NearCacheException
{
    internal RuleRefusedException(IReadOnlyList<string> mistakes)
        : base(string.Join(' ', mistakes)) => Mistakes = mistakes;

    /// <summary>Every mistake as a sentence.</summary>
    public IReadOnlyList<string> Mistakes { get; }
}
