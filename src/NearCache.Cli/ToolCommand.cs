using System.CommandLine;

namespace NearCache.Cli;

/// <summary>A command with examples, which its help shows.</summary>
/// <param name="name">The name.</param>
/// <param name="description">What the command does.</param>
/// <param name="examples">Command lines that work.</param>
internal sealed class ToolCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Gets the examples.</summary>
    public IReadOnlyList<string> Examples => examples;
}
