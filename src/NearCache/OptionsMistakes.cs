using System.Globalization;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>Collects what is wrong with options, each with the setting, its value, and what would be right.</summary>
internal sealed class OptionsMistakes
{
    private readonly List<string> _mistakes = [];

    /// <summary>Adds a whole sentence.</summary>
    public void Add(string mistake) => _mistakes.Add(mistake);

    /// <summary>Adds "<paramref name="setting"/> is <paramref name="value"/>, but must be <paramref name="right"/>." unless all is well.</summary>
    public void Unless(bool isRight, string setting, object? value, string right)
    {
        if (!isRight)
        {
            _mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{setting} is {(value is null or string ? $"\"{value}\"" : value)}, but must be {right}."));
        }
    }

    public ValidateOptionsResult Build() => _mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_mistakes);
}
