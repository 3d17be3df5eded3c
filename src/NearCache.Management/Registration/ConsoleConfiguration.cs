using Microsoft.Extensions.Configuration;

namespace NearCache.Management.Registration;

/// <summary>Reads the settings of the console from a configuration section.</summary>
internal static class ConsoleConfiguration
{
    /// <summary>The name of the section with the fleets.</summary>
    public const string Contexts = "Contexts";

    /// <summary>Sets what the section specifies. Mistakes are kept for the validator.</summary>
    public static void Read(IConfiguration section, NearCacheConsoleOptions options)
    {
        var reader = new SectionReader(section, options.Mistakes);
        reader.Text(nameof(options.ViewPolicy), value => options.ViewPolicy = value);
        reader.Text(nameof(options.OperatePolicy), value => options.OperatePolicy = value);
        reader.Text(nameof(options.ValuesPolicy), value => options.ValuesPolicy = value);
        reader.Text(nameof(options.DataFolder), value => options.DataFolder = value);
        reader.Number(nameof(options.DataDays), value => options.DataDays = (int)Math.Clamp(value, int.MinValue, int.MaxValue));
        reader.Number(nameof(options.DataBytes), value => options.DataBytes = value);
        if (reader.Section(Contexts) is { } contexts)
        {
            ReadContexts(contexts, options);
        }

        reader.Finish();
    }

    /// <summary>Reads the fleets of a section.</summary>
    public static void ReadContexts(IConfigurationSection section, NearCacheConsoleOptions options)
    {
        foreach (var child in section.GetChildren())
        {
            var reader = new SectionReader(child, options.Mistakes);
            string? cluster = null;
            var isReadOnly = false;
            reader.Text(nameof(ConsoleContextOptions.Cluster), value => cluster = value);
            reader.Switch(nameof(ConsoleContextOptions.ReadOnly), value => isReadOnly = value);
            if (reader.Section("NearCache") is { } caches)
            {
                options.Contexts[child.Key] = new ConsoleContextOptions
                {
                    Cluster = cluster,
                    ReadOnly = isReadOnly,
                    Caches = FleetConfiguration.Read(caches),
                };
            }
            else
            {
                options.Mistakes.Add($"{child.Path}:NearCache is missing: the settings of the caches, as the applications have them.");
            }

            reader.Finish();
        }
    }
}
