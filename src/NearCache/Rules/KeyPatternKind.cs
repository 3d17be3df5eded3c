namespace NearCache.Rules;

/// <summary>The three ways in which a rule names keys.</summary>
internal enum KeyPatternKind
{
    /// <summary>One key.</summary>
    Exact,

    /// <summary>All keys that begin so: <c>product:*</c>.</summary>
    Prefix,

    /// <summary>Keys of a form: <c>*</c> stands for any characters or none, <c>?</c> for one.</summary>
    Glob,
}
