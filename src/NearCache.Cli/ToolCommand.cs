using System.CommandLine;

namespace NearCache.Cli;

/// <summary>A command with examples, which its help shows. Lists of commands show the first sentence of its description.</summary>
/// <param name="name">The name.</param>
/// <param name="description">What the command does.</param>
/// <param name="examples">Command lines that work.</param>
internal sealed class ToolCommand(string name, string description, params string[] examples) : Command(name, SentencesOf(description)[0])
{
    /// <summary>Gets what its help says beyond the first sentence; empty if that is all.</summary>
    public string Remarks { get; } = SentencesOf(description)[1];

    /// <summary>Gets the examples.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Gets how long the command may take to end after Ctrl+C or a request to terminate.</summary>
    public TimeSpan EndsWithin { get; init; } = TimeSpan.FromSeconds(2);

    private static string[] SentencesOf(string description) =>
        description.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end
            ? [description[..(end + 1)], description[(end + 2)..]]
            : [description, ""];
}
