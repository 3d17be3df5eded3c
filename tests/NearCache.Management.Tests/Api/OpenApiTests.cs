using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using NearCache.Management.Api;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Api;

/// <summary>The document of the API says what the API does.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Every_route_is_in_the_document_and_every_answer_is_as_it_says()
    {
        var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);
        var document = await console.GetAsync("api/openapi.json");
        Assert.Equal("3.1.0", (string?)document["openapi"]);
        var operations = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(method => $"{method.Key.ToUpperInvariant()} {path.Key[1..]}"));
        Assert.Equal(Routes.Api.Select(route => $"{route.Method} {route.Pattern}").Order(), operations.Order());
        var ids = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject())
            .Select(method => (string?)method.Value!["operationId"]);
        Assert.Equal(Routes.Api.Count, ids.Distinct().Count());

        using var client = console.Client();
        var checkedAnswers = 0;
        foreach (var route in Routes.Api.Where(route => route is { Method: "GET", Answer: not null }))
        {
            var address = route.Pattern.Replace("{context}", "shop", StringComparison.Ordinal)
                .Replace("{id}", new string('0', 32), StringComparison.Ordinal);
            using var reply = await client.GetAsync(new Uri(address, UriKind.Relative));
            var body = JsonNode.Parse(await reply.Content.ReadAsStringAsync());
            var operation = document["paths"]!["/" + route.Pattern]!["get"]!;
            var schema = reply.IsSuccessStatusCode
                ? operation["responses"]!["200"]!["content"]!["application/json"]!["schema"]!
                : operation["responses"]!["default"]!["content"]!["application/problem+json"]!["schema"]!;
            Check(address, document, schema, body);
            checkedAnswers++;
        }

        Assert.True(checkedAnswers > 15, $"{checkedAnswers}");
    }

    [Fact]
    public void An_answer_that_is_not_as_the_document_says_is_found()
    {
        var document = OpenApiDocument.Create(Routes.Api);
        var schema = document["paths"]!["/api/contexts"]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;

        Assert.ThrowsAny<Exception>(() => Check("contexts", document, schema, JsonNode.Parse("""{"contexts":[{"name":7}]}""")));
        Check("contexts", document, schema, JsonNode.Parse("""{"contexts":[]}"""));
    }

    private static void Check(string address, JsonNode document, JsonNode schema, JsonNode? body)
    {
        var whole = new JsonObject
        {
            ["allOf"] = new JsonArray(schema.DeepClone()),
            ["$defs"] = document["components"]!["schemas"]!.DeepClone(),
        };
        using var instance = JsonDocument.Parse(body?.ToJsonString() ?? "null");
        var result = JsonSchema.FromText(whole.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal))
            .Evaluate(instance.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        var errors = (result.Details ?? []).Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"));
        Assert.True(result.IsValid, $"{address}: {string.Join("; ", errors)}\n{body?.ToJsonString()}");
    }
}
