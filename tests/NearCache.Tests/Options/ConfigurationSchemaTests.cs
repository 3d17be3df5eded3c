using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Microsoft.Extensions.Configuration;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Options;

/// <summary>What editors show and check in <c>appsettings.json</c> is what the configuration's reader takes.</summary>
public sealed class ConfigurationSchemaTests
{
    private static readonly Dictionary<string, JsonSchema> Schemas =
        ConfigurationSchema.All.ToDictionary(schema => schema.Name, schema => JsonSchema.FromText(File.ReadAllText(schema.File)));

    public static TheoryData<string> Sections => [.. Schemas.Keys];

    public static TheoryData<string> Samples => [.. Repository.Files("samples", "appsettings*.json")];

    /// <summary><c>ACCEPT_PUBLIC_API=1</c> writes the file anew; look at the difference before you commit it.</summary>
    [Theory]
    [MemberData(nameof(Sections))]
    public void The_schema_is_the_one_on_record(string section)
    {
        var schema = Of(section);
        if (Environment.GetEnvironmentVariable("ACCEPT_PUBLIC_API") == "1")
        {
            File.WriteAllText(schema.File, schema.Generate());
        }

        Assert.True(
            schema.Generate() == File.ReadAllText(schema.File),
            "The settings or their documentation have changed. Run this test with ACCEPT_PUBLIC_API=1 and commit the difference.");
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_settings_of_a_sample_are_valid(string file) => Assert.True(IsValid(File.ReadAllText(Repository.At(file))), file);

    /// <summary>Each is taken or refused by the schema and by the reader alike.</summary>
    [Theory]
    [InlineData("""{ "Namespace": "shop" }""", true)]
    [InlineData("""{ "Namespaze": "shop" }""", false)]
    [InlineData("""{ "MaxStaleness": "00:00:05.5" }""", true)]
    [InlineData("""{ "MaxStaleness": "1.00:00:00" }""", true)]
    [InlineData("""{ "MaxStaleness": 5 }""", false)]
    [InlineData("""{ "NearEntries": 1000 }""", true)]
    [InlineData("""{ "NearEntries": "many" }""", false)]
    [InlineData("""{ "EagerRefresh": 0.8 }""", true)]
    [InlineData("""{ "UseLeases": false }""", true)]
    [InlineData("""{ "UseLeases": "perhaps" }""", false)]
    [InlineData("""{ "OnRemoteFailure": "ServeStale" }""", true)]
    [InlineData("""{ "OnRemoteFailure": "Panic" }""", false)]
    [InlineData("""{ "Memcached": { "Servers": [ "cache-1:11211" ], "Tls": true } }""", true)]
    [InlineData("""{ "Memcached": { "Server": "cache-1:11211" } }""", false)]
    [InlineData("""{ "ZooKeeper": { "Authentications": [ { "Scheme": "digest", "Credentials": "a:b" } ] } }""", true)]
    [InlineData("""{ "ZooKeeper": { "Sasl": { "User": "a", "Password": "b" } } }""", true)]
    [InlineData("""{ "Rules": [ { "Name": "products", "Match": "product:*", "Preload": [ "product:1" ] } ] }""", true)]
    [InlineData("""{ "Rules": [ { "Name": "products", "Mach": "product:*" } ] }""", false)]
    [InlineData("""{ "Ensemble": { "Acl": [ "world:anyone:r" ] }, "Budgets": { "Deliveries": 100 } }""", true)]
    public void What_the_schema_takes_is_what_is_read(string section, bool isTaken)
    {
        Take("NearCache", section, isTaken);
    }

    [Theory]
    [InlineData("""{ "Hosts": [ "rabbit-1:5672", "rabbit-2" ], "Tls": true, "Heartbeat": "00:00:05" }""", true)]
    [InlineData("""{ "Hosts": "rabbit-1:5672" }""", false)]
    [InlineData("""{ "Host": [ "rabbit-1:5672" ] }""", false)]
    [InlineData("""{ "QueueLength": 500, "DeclareExchange": false, "MessageLifetime": "00:00:30" }""", true)]
    [InlineData("""{ "QueueLength": "long" }""", false)]
    [InlineData("""{ "Heartbeat": 5 }""", false)]
    public void What_the_schema_of_RabbitMq_takes_is_what_is_read(string section, bool isTaken) => Take("RabbitMq", section, isTaken);

    [Theory]
    [InlineData("""{ "ViewPolicy": "operators", "OperatePolicy": "operators", "DataFolder": "/var/lib/console", "DataDays": 30 }""", true)]
    [InlineData("""{ "ViewPolicie": "operators" }""", false)]
    [InlineData("""{ "DataBytes": "many" }""", false)]
    [InlineData("""{ "Contexts": { "shop": { "Cluster": "prod", "NearCache": { "Memcached": { "Servers": [ "a" ] } } } } }""", true)]
    [InlineData("""{ "Contexts": { "shop": { "ReadOnly": true, "NearCache": { "Memcached": { "Servers": [ "a" ] } } } } }""", true)]
    [InlineData("""{ "Contexts": { "shop": { "Clusta": "prod", "NearCache": { "Namespace": "shop" } } } }""", false)]
    [InlineData("""{ "Contexts": { "shop": { "ReadOnly": "perhaps", "NearCache": { "Namespace": "shop" } } } }""", false)]
    [InlineData("""{ "Contexts": { "shop": { "NearCache": { "Memcached": { "Server": "cache-1:11211" } } } } }""", false)]
    public void What_the_schema_of_the_console_takes_is_what_is_read(string section, bool isTaken) =>
        Take("NearCacheConsole", section, isTaken);

    [Theory]
    [MemberData(nameof(Sections))]
    public void Every_setting_is_described(string section)
    {
        var undescribed = new List<string>();
        var settings = JsonNode.Parse(File.ReadAllText(Of(section).File))!["properties"]![section]!.AsObject();
        Assert.NotEmpty(settings["properties"]!.AsObject());
        Collect(settings, "", undescribed);
        Assert.Empty(undescribed);
    }

    private static ConfigurationSchema Of(string section) => ConfigurationSchema.All.Single(schema => schema.Name == section);

    private static void Take(string name, string section, bool isTaken)
    {
        var json = $$"""{ "{{name}}": {{section}} }""";
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(isTaken, Of(name).Mistakes(new ConfigurationBuilder().AddJsonStream(stream).Build()).Count == 0);
        Assert.Equal(isTaken, IsValid(json));
    }

    private static void Collect(JsonObject schema, string path, List<string> undescribed)
    {
        foreach (var (name, node) in (schema["properties"] ?? Inner(schema)?["properties"])?.AsObject() ?? [])
        {
            var setting = node!.AsObject();
            if (setting["description"] is not { } text || ((string)text!).StartsWith("Gets ", StringComparison.Ordinal))
            {
                undescribed.Add(path + name);
            }

            Collect(setting, path + name + ":", undescribed);
        }
    }

    // Of a list or of a dictionary.
    private static JsonNode? Inner(JsonObject schema) => schema["items"] ?? schema["additionalProperties"] as JsonObject;

    private static bool IsValid(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Schemas.Values.All(schema => schema.Evaluate(document.RootElement).IsValid);
    }
}
