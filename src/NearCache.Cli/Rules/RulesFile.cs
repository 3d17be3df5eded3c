using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using NearCache.Cli.Connecting;
using NearCache.Cli.Output;

namespace NearCache.Cli.Rules;

/// <summary>A file of rules under version control: the entry <c>Rules</c> of a configuration, alone or in an appsettings.json.</summary>
internal static class RulesFile
{
    /// <summary>Reads the rules of a file.</summary>
    /// <exception cref="ToolException">The file cannot be read, has no rules, or a rule is invalid.</exception>
    public static IReadOnlyList<RuleOptions> Read(string path)
    {
        var file = ConfigurationFile.Read(path);
        var inner = file.GetSection("NearCache");
        IConfiguration? section = inner.GetSection("Rules").Exists() ? inner : file.GetSection("Rules").Exists() ? file : null;

        // An empty list exists for nothing but the text: with --prune it would remove every rule.
        if (section is null)
        {
            throw new ToolException(
                $"{path} has no Rules. Write {{ \"Rules\": [ {{ \"Name\": \"products\", \"Match\": \"product:*\" }} ] }}.");
        }

        try
        {
            return FleetConfiguration.ReadRules(section);
        }
        catch (OptionsValidationException e)
        {
            throw new ToolException($"{path}: {string.Join(' ', e.Failures)}", e);
        }
    }

    /// <summary>Returns the text of a file with these rules.</summary>
    public static string Text(IEnumerable<RuleOptions> rules) => JsonOutput.Text(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("Rules");
        foreach (var rule in rules)
        {
            RuleSettings.Write(json, rule);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
