using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace NearCache.Configuration;

/// <summary>Reads a configuration section into an options object by a list of valid names, and collects the errors.</summary>
/// <remarks>
/// Not a configuration binder, because a binder stops at the first invalid value, ignores unknown names, and reads <c>"5"</c> as five days.
/// </remarks>
internal sealed class SettingsReader(IConfiguration section, string path, List<string> mistakes)
{
    private readonly List<string> _known = [];

    /// <summary>Reads a text. A missing value keeps the default.</summary>
    public void Text(string name, Action<string> set)
    {
        if (Value(name) is { } value)
        {
            set(value);
        }
    }

    /// <summary>Reads a duration, <c>hh:mm:ss</c> with optional days and fractions.</summary>
    public void Duration(string name, Action<TimeSpan> set) =>
        Parsed(name, "a duration written hh:mm:ss, such as 00:00:05", set, static (string text, out TimeSpan value) =>
        {
            value = default;
            return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
        });

    /// <summary>Reads a 32-bit integer.</summary>
    public void Number(string name, Action<int> set) =>
        Parsed(name, "a whole number", set, static (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    /// <summary>Reads a 64-bit integer.</summary>
    public void LargeNumber(string name, Action<long> set) =>
        Parsed(name, "a whole number", set, static (string text, out long value) =>
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    /// <summary>Reads a number with an optional fraction.</summary>
    public void Fraction(string name, Action<double> set) =>
        Parsed(name, "a number", set, static (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value));

    /// <summary>Reads true or false.</summary>
    public void Switch(string name, Action<bool> set) => Parsed(name, "true or false", set, bool.TryParse);

    /// <summary>Reads a member of <typeparamref name="T"/> by name.</summary>
    public void Choice<T>(string name, Action<T> set)
        where T : struct, Enum =>
        Parsed(name, $"one of {string.Join(", ", Enum.GetNames<T>())}", set, static (string text, out T value) =>
            Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]));

    /// <summary>Reads a list of texts: <c>name:0</c>, <c>name:1</c> and so on. It replaces the previous content.</summary>
    public void Texts(string name, IList<string> list)
    {
        _known.Add(name);
        var items = section.GetSection(name).GetChildren().ToArray();
        if (items.Length == 0)
        {
            if (!string.IsNullOrEmpty(section[name]))
            {
                mistakes.Add($"{path}{name} is \"{section[name]}\", but must be a list.");
            }

            return;
        }

        list.Clear();
        foreach (var item in items)
        {
            if (item.Value is { } value)
            {
                list.Add(value);
            }
            else
            {
                mistakes.Add($"{path}{name}:{item.Key} must be a text, but is a section.");
            }
        }
    }

    /// <summary>Reads a nested section.</summary>
    public void Section(string name, Action<SettingsReader> read)
    {
        _known.Add(name);
        ReadSection(section.GetSection(name), $"{path}{name}", read);
    }

    /// <summary>Reads a list of sections: <c>name:0:…</c>, <c>name:1:…</c> and so on. It replaces the previous content.</summary>
    public void Sections<T>(string name, IList<T> list, Action<SettingsReader, T> read)
        where T : new()
    {
        _known.Add(name);
        var items = section.GetSection(name).GetChildren().ToArray();
        if (items.Length == 0)
        {
            if (!string.IsNullOrEmpty(section[name]))
            {
                mistakes.Add($"{path}{name} is \"{section[name]}\", but must be a list of sections.");
            }

            return;
        }

        list.Clear();
        foreach (var item in items)
        {
            var element = new T();
            ReadSection(item, $"{path}{name}:{item.Key}", reader => read(reader, element));
            list.Add(element);
        }
    }

    /// <summary>Gets the names that have been read so far.</summary>
    public IReadOnlyList<string> Known => _known;

    /// <summary>Returns the names in the section that have not been read.</summary>
    public IReadOnlyList<string> Unknown() =>
        [.. section.GetChildren().Select(child => child.Key).Where(name => !_known.Contains(name, StringComparer.OrdinalIgnoreCase))];

    /// <summary>Adds an error for each unknown name, with the most similar known one. Must be the last call.</summary>
    public void Finish()
    {
        foreach (var name in Unknown())
        {
            mistakes.Add(NearestName.Find(name, _known) is { } nearest
                ? $"{path}{name} is not a setting. Did you mean {path}{nearest}?"
                : $"{path}{name} is not a setting. Known here: {string.Join(", ", _known)}.");
        }
    }

    private void ReadSection(IConfigurationSection inner, string innerPath, Action<SettingsReader> read)
    {
        if (!string.IsNullOrEmpty(inner.Value))
        {
            mistakes.Add($"{innerPath} is \"{inner.Value}\", but must be a section.");
        }

        var reader = new SettingsReader(inner, innerPath + ":", mistakes);
        read(reader);
        reader.Finish();
    }

    private void Parsed<T>(string name, string expected, Action<T> set, Parse<T> parse)
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
            mistakes.Add($"{path}{name} is \"{text}\", but must be {expected}.");
        }
    }

    private string? Value(string name)
    {
        _known.Add(name);
        var value = section.GetSection(name);
        if (value.GetChildren().Any())
        {
            mistakes.Add($"{path}{name} must be a value, but is a section.");
            return null;
        }

        return value.Value;
    }

    private delegate bool Parse<T>(string text, out T value);
}
