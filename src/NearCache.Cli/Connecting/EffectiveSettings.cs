using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Connecting;

/// <summary>The settings of one fleet as the tool uses them: those of a section, and what the command line says in their place.</summary>
internal sealed class EffectiveSettings
{
    private readonly Dictionary<string, string?> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _path;

    /// <param name="section">The section of a file; null if the command line says everything.</param>
    public EffectiveSettings(IConfigurationSection? section)
    {
        _path = section?.Path ?? "";
        foreach (var (name, value) in section?.AsEnumerable(makePathsRelative: true) ?? [])
        {
            _values[name] = value;
        }
    }

    /// <summary>Gets the value of a setting; null if there is none.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Sets a setting, unless the value is null.</summary>
    public void Set(string name, string? value)
    {
        if (value is not null)
        {
            _values[name] = value;
        }
    }

    /// <summary>Sets a list in place of the one that is there, unless the new one is empty.</summary>
    public void SetList(string name, IReadOnlyCollection<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        foreach (var old in _values.Keys.Where(key => key.StartsWith(name + ':', StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            _values.Remove(old);
        }

        foreach (var (index, value) in values.Index())
        {
            _values[$"{name}:{index}"] = value;
        }
    }

    /// <summary>Returns the settings, at the path of the section.</summary>
    public IConfiguration Build()
    {
        var root = new ConfigurationBuilder()
            .AddInMemoryCollection(_values.Select(one =>
                KeyValuePair.Create(_path.Length == 0 ? one.Key : ConfigurationPath.Combine(_path, one.Key), one.Value)))
            .Build();
        return _path.Length == 0 ? root : root.GetSection(_path);
    }
}
