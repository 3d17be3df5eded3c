using System.Collections;
using System.ComponentModel;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NearCache.Configuration;
using NearCache.Memcached;
using NearCache.RabbitMq;
using NearCache.Tests.Conventions;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Options;

public sealed partial class ConfigurationDocsTests
{
    // The sections of docs/configuration.md: a new object of each, where it stands in configuration, and what is set in code alone or has a
    // section of its own.
    private static readonly Dictionary<string, (object Options, string Path, string[] Elsewhere)> Sections = new()
    {
        ["NearCache"] = (
            new NearCacheOptions(),
            "",
            ["DistributedCache", "Json", "ValueFormat", "ImmutableTypes", "LossyTypes", "Budgets", "Ensemble", "Monitor", "Reports",
             "Memcached", "ZooKeeper", "Rules"]),
        ["Budgets"] = (new BudgetOptions(), "Budgets:", []),
        ["Ensemble"] = (new EnsembleOptions(), "Ensemble:", []),
        ["Monitor"] = (new MonitorOptions(), "Monitor:", []),
        ["Reports"] = (new ReportOptions(), "Reports:", []),
        ["Rules"] = (new RuleOptions(), "Rules:0:", []),
        ["Memcached"] = (new MemcachedOptions(), "Memcached:", ["Locator", "Resolve"]),
        ["ZooKeeper"] = (new ZooKeeperOptions(), "ZooKeeper:", ["RenewSession"]),
        ["RabbitMq"] = (new RabbitMqOptions(), "", []),
    };

    public static TheoryData<string> Names => [.. Sections.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_setting_is_documented_with_the_default_that_it_has(string name)
    {
        var (options, _, elsewhere) = Sections[name];
        var properties = options.GetType()
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => !elsewhere.Contains(property.Name))
            .ToArray();
        var documented = Documented(name);

        Assert.Equal(properties.Select(property => property.Name).Order(), documented.Keys.Order());
        Assert.All(properties, property => Assert.True(
            IsDefault(documented[property.Name], property.GetValue(options), property.PropertyType),
            $"docs/configuration.md says {documented[property.Name]} for {property.Name}, but it is {property.GetValue(options)}"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_documented_setting_is_known_to_configuration(string name)
    {
        var settings = Documented(name).Keys.ToDictionary(setting => Sections[name].Path + setting, _ => (string?)"");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        List<string> errors;
        if (name == "RabbitMq")
        {
            errors = [];
            RabbitMqOptions.Read(new SettingsReader(configuration, "", errors), new RabbitMqOptions());
        }
        else
        {
            var options = new NearCacheOptions();
            NearCacheConfiguration.Read(configuration, options);
            errors = options.BindingErrors;
        }

        Assert.DoesNotContain(errors, mistake => mistake.Contains("is not a setting", StringComparison.Ordinal));
    }

    private static bool IsDefault(string documented, object? value, Type type) => value switch
    {
        null => documented == "(none)",
        "" or ICollection { Count: 0 } => documented == "(empty)",
        _ => value.Equals(TypeDescriptor.GetConverter(Nullable.GetUnderlyingType(type) ?? type).ConvertFromInvariantString(documented)),
    };

    private static Dictionary<string, string> Documented(string section) => Row().Matches(
            File.ReadAllText(Repository.At("docs", "configuration.md"))
                .Split("\n## ")
                .Single(text => text.StartsWith(section + "\n", StringComparison.Ordinal)))
        .ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value.Trim('`'));

    [GeneratedRegex(@"^\| `(\w+)` \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
