using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Microsoft.Extensions.Configuration;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Options;

/// <summary>What editors show and check in <c>appsettings.json</c> is what the configuration's reader takes.</summary>
public sealed class ConfigurationSchemaTests
{
    private static readonly string Path = Repository.At("src", "NearCache", "ConfigurationSchema.json");
    private static readonly JsonSchema Schema = JsonSchema.FromText(File.ReadAllText(Path));

    public static TheoryData<string> Samples => [.. Repository.Files("samples", "appsettings*.json")];

    /// <summary><c>ACCEPT_PUBLIC_API=1</c> writes the file anew; look at the difference before you commit it.</summary>
    [Fact]
    public void The_schema_is_the_one_on_record()
    {
        var schema = ConfigurationSchema.Generate();
        if (Environment.GetEnvironmentVariable("ACCEPT_PUBLIC_API") == "1")
        {
            File.WriteAllText(Path, schema);
        }

        Assert.True(
            schema == File.ReadAllText(Path),
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
        var json = $$"""{ "NearCache": {{section}} }""";
        var options = new NearCacheOptions();
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        NearCacheConfiguration.Read(new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("NearCache"), options);

        Assert.Equal(isTaken, options.BindingErrors.Count == 0);
        Assert.Equal(isTaken, IsValid(json));
    }

    [Fact]
    public void Every_setting_is_described()
    {
        var undescribed = new List<string>();
        Collect(JsonNode.Parse(File.ReadAllText(Path))!["properties"]!["NearCache"]!.AsObject(), "", undescribed);
        Assert.Empty(undescribed);
    }

    private static void Collect(JsonObject schema, string path, List<string> undescribed)
    {
        foreach (var (name, node) in (schema["properties"] ?? schema["items"]?["properties"])?.AsObject() ?? [])
        {
            var setting = node!.AsObject();
            if (setting["description"] is not { } text || ((string)text!).StartsWith("Gets ", StringComparison.Ordinal))
            {
                undescribed.Add(path + name);
            }

            Collect(setting, path + name + ":", undescribed);
        }
    }

    private static bool IsValid(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Schema.Evaluate(document.RootElement).IsValid;
    }
}
