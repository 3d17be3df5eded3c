using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NearCache.Configuration;
using NearCache.Management;
using NearCache.RabbitMq;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Options;

/// <summary>
/// The JSON schema of a configuration section: which settings there are says the code that reads them, their types and defaults the
/// options, what they mean the documentation of the options.
/// </summary>
/// <param name="package">The package that ships it.</param>
/// <param name="section">The usual name of the section.</param>
/// <param name="meaning">What the settings are of.</param>
/// <param name="options">The type of the options.</param>
/// <param name="read">Reads a section, and returns its mistakes.</param>
internal sealed partial class ConfigurationSchema(
    string package, string section, string meaning, Type options, Func<IConfiguration, IReadOnlyList<string>> read)
{
    // What TimeSpan's constant format allows: hh:mm:ss, with days before and fractions after.
    private const string Duration = @"^-?(\d+\.)?\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,7})?$";

    // Not similar to any setting, so that the mistake lists all of them.
    private const string Unknown = "Qqqqqqqqqqqqqqqqqqqqq";

    // Of what is no property of its own in the options, or bytes there and text here.
    private static readonly Dictionary<string, string> OwnWords = new()
    {
        ["ZooKeeper:Authentications:0:Scheme"] = "The authentication scheme, for instance digest.",
        ["ZooKeeper:Authentications:0:Credentials"] = "What the scheme needs, as text: user:password for digest.",
        ["ZooKeeper:Sasl:User"] = "The user name for SASL.",
        ["ZooKeeper:Sasl:Password"] = "The password for SASL.",
    };

    // Settings that have another name than the property.
    private static readonly Dictionary<(Type, string), string> OwnNames = new()
    {
        [(typeof(ConsoleContextOptions), "NearCache")] = nameof(ConsoleContextOptions.Caches),
    };

    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Dictionary<string, XElement> Docs =
        new[] { "NearCache", "NearCache.Memcached", "NearCache.ZooKeeper", "NearCache.RabbitMq", "NearCache.Management" }
        .SelectMany(name => XDocument.Load(Path.Combine(AppContext.BaseDirectory, name + ".xml")).Descendants("member"))
        .ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>The schemas of all packages that have settings.</summary>
    public static IReadOnlyList<ConfigurationSchema> All { get; } =
    [
        new("NearCache", "NearCache", "NearCache", typeof(NearCacheOptions), section =>
        {
            var options = new NearCacheOptions();
            NearCacheConfiguration.Read(section, options);
            return options.BindingErrors;
        }),
        new("NearCache.RabbitMq", "RabbitMq", "RabbitMQ as the carrier of NearCache's announcements", typeof(RabbitMqOptions), section =>
        {
            var options = new RabbitMqOptions();
            RabbitMqOptions.Read(new SettingsReader(section, "", options.BindingErrors), options);
            return options.BindingErrors;
        }),
        new("NearCache.Management", "NearCacheConsole", "the console of NearCache", typeof(NearCacheConsoleOptions), section =>
        {
            using var services = new ServiceCollection().AddNearCacheConsole(section).BuildServiceProvider();
            try
            {
                _ = services.GetRequiredService<IOptions<NearCacheConsoleOptions>>().Value;
                return [];
            }
            catch (OptionsValidationException e)
            {
                return [.. e.Failures];
            }
        }),
    ];

    /// <summary>The usual name of the section.</summary>
    public string Name => section;

    /// <summary>The type of the options.</summary>
    public Type OptionsType => options;

    /// <summary>The path of the file that is shipped.</summary>
    public string File => Repository.At("src", package, "ConfigurationSchema.json");

    /// <summary>Returns the mistakes in a configuration.</summary>
    public IReadOnlyList<string> Mistakes(IConfiguration configuration) => read(configuration.GetSection(section));

    /// <summary>The content of the file.</summary>
    public string Generate()
    {
        var settings = Section("", options, Activator.CreateInstance(options));
        settings.Insert(1, "description", $"Settings of {meaning}.");
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { [section] = settings } };
        return schema.ToJsonString(Written) + "\n";
    }

    // The names that the reader of the configuration knows in a section: path is empty, or the section's path with a colon at its end.
    private string[] Known(string path)
    {
        var settings = new Dictionary<string, string?> { [$"{section}:{path}{Unknown}"] = "1" };
        var mistake = Mistakes(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .Single(text => text.Contains(Unknown, StringComparison.Ordinal));
        return KnownNames().Match(mistake).Groups[1].Value.Split(", ");
    }

    private JsonObject Section(string path, Type type, object? defaults)
    {
        var properties = new JsonObject();
        foreach (var name in Known(path).Order(StringComparer.Ordinal))
        {
            var property = type.GetProperty(OwnNames.GetValueOrDefault((type, name), name));
            var value = defaults is null ? null : property?.GetValue(defaults);
            var setting = Setting(path + name, property?.PropertyType ?? typeof(string), value);
            setting.Add("description", OwnWords.GetValueOrDefault(path + name) ?? (property is null ? null : Described(property)));
            properties.Add(name, setting);
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
    }

    private JsonObject Setting(string path, Type type, object? value)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (path.Split(':')[^1] == "Tls")
        {
            return new JsonObject { ["type"] = "boolean" };   // its certificates and names are set in code
        }

        if (type.IsEnum)
        {
            return WithDefault(
                new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => JsonValue.Create(name))]) },
                value?.ToString());
        }

        if (type == typeof(TimeSpan))
        {
            var setting = new JsonObject { ["type"] = "string", ["pattern"] = Duration };
            return WithDefault(setting, value is TimeSpan span ? span.ToString("c") : null);
        }

        if (type == typeof(string) || type == typeof(ReadOnlyMemory<byte>))
        {
            return WithDefault(new JsonObject { ["type"] = "string" }, value as string is { Length: > 0 } text ? text : null);
        }

        if (type == typeof(bool))
        {
            return WithDefault(new JsonObject { ["type"] = "boolean" }, value is bool isSet ? isSet : null);
        }

        if (type == typeof(int) || type == typeof(long))
        {
            JsonNode? number = value is null ? null : JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture));
            return WithDefault(new JsonObject { ["type"] = "integer" }, number);
        }

        if (type == typeof(double))
        {
            return WithDefault(new JsonObject { ["type"] = "number" }, value is double fraction ? fraction : null);
        }

        // What is read as another schema's section has the settings of that schema.
        if (path.Length > 0 && All.FirstOrDefault(schema => schema.OptionsType == type) is { } other)
        {
            return other.Section("", type, Activator.CreateInstance(type));
        }

        // The names of a dictionary are the user's.
        if (ElementOf(type) is { IsGenericType: true } pair && pair.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            var named = pair.GenericTypeArguments[1];
            return new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = Section(path + ":name:", named, Activator.CreateInstance(named)),
            };
        }

        return ElementOf(type) is { } element
            ? new JsonObject
            {
                ["type"] = "array",
                ["items"] = element == typeof(string) ? Setting(path, element, null) : Items(path, element),
            }
            : Section(path + ":", type, value);
    }

    private JsonObject Items(string path, Type element) =>
        Section(path + ":0:", element, element.GetConstructor([]) is { } constructor ? constructor.Invoke([]) : null);

    private static Type? ElementOf(Type type) => type.GetInterfaces().Append(type)
        .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IEnumerable<>))
        ?.GenericTypeArguments[0];

    private static JsonObject WithDefault(JsonObject setting, JsonNode? value)
    {
        if (value is not null)
        {
            setting.Add("default", value);
        }

        return setting;
    }

    private static string? Described(PropertyInfo property) =>
        Docs.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out var member)
            ? AsNoun(
                string.Join(' ', new[] { "summary", "value" }.Select(name => Text(member.Element(name))).Where(text => text.Length > 0)))
            : null;

    // "Gets or sets the interval." documents a property; "The interval." describes a setting.
    private static string AsNoun(string text)
    {
        var noun = Getter().Replace(text, "");
        return char.ToUpperInvariant(noun[0]) + noun[1..];
    }

    // References and code by their last names; white space as one space.
    private static string Text(XElement? element) =>
        element is null ? "" : Space().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XElement { Name.LocalName: "see" } see => LastName(see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? ""),
        XElement inner => inner.Value,
        XText text => text.Value,
        _ => "",
    };

    private static string LastName(string reference) => Arguments().Replace(reference, "").Split('.', ':')[^1];

    [GeneratedRegex(@"^Gets (or sets |or initializes )?(a value indicating (?=whether ))?")]
    private static partial Regex Getter();

    [GeneratedRegex(@"(?:Known here:|The settings here are) (.*)\.$")]
    private static partial Regex KnownNames();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\(.*\)|`\d+|\{.*\}")]
    private static partial Regex Arguments();
}
