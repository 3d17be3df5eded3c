namespace NearCache.Management;

/// <summary>The settings of the console in an application.</summary>
public sealed class NearCacheConsoleOptions
{
    /// <summary>Gets or sets the authorization policy of the application that lets a user see the console.</summary>
    /// <remarks>
    /// Each policy is evaluated with a <see cref="ConsoleContext"/> as the resource, so that a handler can decide for each namespace.
    /// </remarks>
    /// <value>
    /// Null, the default, refuses to start, except in the Development environment, where the console is then open to this machine only.
    /// </value>
    public string? ViewPolicy { get; set; }

    /// <summary>Gets or sets the policy that lets a user edit rules, stop them, and remove keys.</summary>
    /// <value>Default: null, and there are no operations.</value>
    public string? OperatePolicy { get; set; }

    /// <summary>Gets or sets the policy that lets a user read values of the application.</summary>
    /// <value>Default: null, and no value is shown.</value>
    public string? ValuesPolicy { get; set; }

    /// <summary>Gets the fleets that the console shows, by the names that addresses use.</summary>
    /// <value>Default: empty, which shows the unnamed cache of this application.</value>
    public IDictionary<string, ConsoleContextOptions> Contexts { get; } =
        new Dictionary<string, ConsoleContextOptions>(StringComparer.Ordinal);

    /// <summary>Gets or sets the folder for minute summaries and events.</summary>
    /// <value>Default: null, and the console remembers a day, until the process ends.</value>
    public string? DataFolder { get; set; }

    /// <summary>Gets or sets the days that the folder keeps.</summary>
    /// <value>Default: 7. From 1 to 365.</value>
    public int DataDays { get; set; } = 7;

    /// <summary>Gets or sets the greatest size of the folder's files in bytes. The oldest day goes first.</summary>
    /// <value>Default: 200 MB. At least 1 MB.</value>
    public long DataBytes { get; set; } = 200_000_000;

    /// <summary>Gets the mistakes that were found while the settings were read.</summary>
    internal List<string> Mistakes { get; } = [];

    /// <summary>Gets or sets how users are known, as the session tells the pages.</summary>
    internal string Mode { get; set; } = "policy";

    /// <summary>Gets or sets a value indicating whether all users have one name, which is that of none of them.</summary>
    internal bool IsAnonymous { get; set; }

    /// <summary>Gets or sets a value indicating whether users can sign out here.</summary>
    internal bool CanSignOut { get; set; }

    /// <summary>Gets or sets what a page shows above everything; null for nothing.</summary>
    internal string? Banner { get; set; }

    /// <summary>Gets or sets what a program is told that has not signed in.</summary>
    internal string SignInHint { get; set; } = "Sign in first, as the application asks for it.";
}

/// <summary>The settings of one fleet that the console shows.</summary>
public sealed class ConsoleContextOptions
{
    /// <summary>Gets or sets the name of the cluster, for people.</summary>
    /// <value>Null, the default, uses the name of the context.</value>
    public string? Cluster { get; set; }

    /// <summary>Gets or sets a value indicating whether every operation is refused, whatever the permissions of a user are.</summary>
    /// <value>Default: false.</value>
    public bool ReadOnly { get; set; }

    /// <summary>Gets or sets the settings of the caches. The console never shows their passwords.</summary>
    public required NearCacheOptions Caches { get; set; }
}

/// <summary>One fleet that the console shows: a namespace in a cluster. The resource of the console's authorization policies.</summary>
/// <param name="Name">The name in addresses.</param>
/// <param name="Cluster">The name of the cluster.</param>
/// <param name="Namespace">The namespace of the caches.</param>
public sealed record ConsoleContext(string Name, string Cluster, string Namespace);
