using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace NearCache.Management.Registration;

/// <summary>Reads a configuration section setting by setting. What is no setting is a mistake.</summary>
/// <param name="section">The section.</param>
/// <param name="mistakes">Receives a sentence for each mistake.</param>
internal sealed class SectionReader(IConfiguration section, ICollection<string> mistakes)
{
    private readonly List<string> _known = [];

    /// <summary>Reads a text.</summary>
    public void Text(string name, Action<string> set)
    {
        if (Value(name) is { } text)
        {
            set(text);
        }
    }

    /// <summary>Reads <c>true</c> or <c>false</c>.</summary>
    public void Switch(string name, Action<bool> set) => Parsed<bool>(name, bool.TryParse, "true or false", set);

    /// <summary>Reads a whole number.</summary>
    public void Number(string name, Action<long> set) => Parsed(
        name,
        (string text, out long number) =>
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number),
        "a whole number",
        set);

    /// <summary>Reads a list of texts.</summary>
    public void Texts(string name, Action<IReadOnlyList<string>> set)
    {
        if (Section(name) is { } list && list.GetChildren().Select(item => item.Value).OfType<string>().ToArray() is { Length: > 0 } texts)
        {
            set(texts);
        }
    }

    /// <summary>Returns a section; null if it is absent.</summary>
    public IConfigurationSection? Section(string name)
    {
        _known.Add(name);
        return section.GetSection(name) is { } found && found.Exists() ? found : null;
    }

    /// <summary>Notes what is no setting.</summary>
    public void Finish() => Finish([]);

    /// <inheritdoc cref="Finish()"/>
    /// <param name="others">Names that another program reads.</param>
    public void Finish(IReadOnlyCollection<string> others)
    {
        foreach (var child in section.GetChildren()
            .Where(child => !_known.Concat(others).Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            mistakes.Add($"{child.Path} is not a setting. The settings here are {string.Join(", ", _known)}.");
        }
    }

    private void Parsed<T>(string name, TryParse<T> parse, string kind, Action<T> set)
    {
        if (Value(name) is not { } text)
        {
            return;
        }

        if (parse(text, out var value))
        {
            set(value);
        }
        else
        {
            mistakes.Add($"{PathOf(name)} is \"{text}\", but must be {kind}.");
        }
    }

    private string? Value(string name)
    {
        _known.Add(name);
        var found = section.GetSection(name);
        if (found.GetChildren().Any())
        {
            mistakes.Add($"{PathOf(name)} must be a single value.");
        }

        return found.Value;
    }

    private string PathOf(string name) => section is IConfigurationSection { Path: var path } ? $"{path}:{name}" : name;

    private delegate bool TryParse<T>(string text, out T value);
}
