using System.Globalization;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>Collects what is wrong with options, each with the setting, its value, and what would be right.</summary>
/// <param name="section">The path of the section that the options were read from; empty: none, and the settings are named alone.</param>
/// <param name="cache">The name of the cache; null or empty: it has none.</param>
internal sealed class OptionsErrors(string section, string? cache)
{
    private readonly List<string> _mistakes = [];

    /// <summary>Adds a whole sentence, which begins with a setting.</summary>
    public void Add(string mistake) =>
        _mistakes.Add(
            $"{(string.IsNullOrEmpty(cache) ? "" : $"Cache \"{cache}\": ")}{(section.Length == 0 ? "" : $"{section}:")}{mistake}");

    /// <summary>Adds a whole sentence that names its section itself.</summary>
    public void AddSentence(string mistake) => _mistakes.Add(mistake);

    /// <summary>
    /// Adds "<paramref name="setting"/> is <paramref name="value"/>, but must be <paramref name="right"/>." unless all is well.
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
