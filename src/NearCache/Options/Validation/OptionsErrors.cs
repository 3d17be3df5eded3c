using System.Globalization;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>Collects the errors of options, each with the setting, its value, and the valid values.</summary>
/// <param name="section">The path of the configuration section; empty for none.</param>
/// <param name="cache">The name of the cache; null or empty for none.</param>
internal sealed class OptionsErrors(string section, string? cache)
{
    private readonly List<string> _mistakes = [];

    /// <summary>Adds a sentence that begins with a setting.</summary>
    public void Add(string mistake) =>
        _mistakes.Add(
            $"{(string.IsNullOrEmpty(cache) ? "" : $"Cache \"{cache}\": ")}{(section.Length == 0 ? "" : $"{section}:")}{mistake}");

    /// <summary>Adds a sentence that names its section itself.</summary>
    public void AddSentence(string mistake) => _mistakes.Add(mistake);

    /// <summary>
    /// Adds "<paramref name="setting"/> is <paramref name="value"/>, but must be <paramref name="right"/>." unless the value is valid.
    /// </summary>
    public void Require(bool isRight, string setting, object? value, string right)
    {
        if (!isRight)
        {
            Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{setting} is {(value is null or string ? $"\"{value}\"" : value)}, but must be {right}."));
        }
    }

    public ValidateOptionsResult Build() => _mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_mistakes);
}
