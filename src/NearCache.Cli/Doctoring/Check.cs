namespace NearCache.Cli.Doctoring;

/// <summary>Specifies what a check has found.</summary>
internal enum CheckLevel
{
    /// <summary>All is well.</summary>
    Good,

    /// <summary>It works, and needs attention.</summary>
    Warning,

    /// <summary>It does not work, or a promise is at risk.</summary>
    Error,
}

/// <summary>Specifies the part of the fleet that a check is about, in the order in which they are shown.</summary>
internal enum CheckGroup
{
    Configuration,
    Memcached,
    Agreement,
    ZooKeeper,
    Processes,
    Rules,
    Namespaces,
}

/// <summary>The result of one check.</summary>
/// <param name="Group">The part of the fleet.</param>
/// <param name="Level">What the check has found.</param>
/// <param name="Found">What is there, in one sentence.</param>
/// <param name="Finding">The kind of what is wrong; null if all is well.</param>
/// <param name="Remedy">What to do about it, with the names of this fleet; null if all is well.</param>
internal sealed record Check(CheckGroup Group, CheckLevel Level, string Found, Finding? Finding = null, string? Remedy = null)
{
    /// <summary>Returns a result without a finding.</summary>
    public static Check Good(CheckGroup group, string found) => new(group, CheckLevel.Good, found);
}

/// <summary>A kind of what can be wrong: its name, which is its heading in docs/operations/doctor.md, and why it matters.</summary>
/// <param name="Id">The name.</param>
/// <param name="Group">The part of the fleet.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Why">Why it matters, in one sentence.</param>
internal sealed record Finding(string Id, CheckGroup Group, CheckLevel Level, string Why)
{
    /// <summary>Gets the place in the documentation.</summary>
    public string Docs => $"docs/operations/doctor.md#{Id}";

    /// <summary>Returns the result of a check that found this.</summary>
    /// <param name="found">What is there, in one sentence.</param>
    /// <param name="remedy">What to do about it.</param>
    public Check Because(string found, string remedy) => new(Group, Level, found, this, remedy);
}
