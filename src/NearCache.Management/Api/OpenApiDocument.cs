using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using NearCache.Management.Api.Models;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The document of the API (OpenAPI 3.1), made from the routes and the types of their bodies.</summary>
internal static class OpenApiDocument
{
    private const string Schemas = "#/components/schemas/";

    private static readonly string[] OfPath = ["context", "id"];

    private static readonly Lazy<string> Whole = new(() => Create(Routes.Api).ToJsonString());

    /// <summary>Gets the document as text.</summary>
    public static string Text => Whole.Value;

    /// <summary>Creates the document of routes.</summary>
    public static JsonObject Create(IEnumerable<ConsoleRoute> routes)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();
        AddSchema(schemas, ConsoleJson.Default.ProblemModel);
        foreach (var same in routes.GroupBy(route => "/" + route.Pattern))
        {
            paths[same.Key] = new JsonObject(same.Select(route =>
                KeyValuePair.Create<string, JsonNode?>(route.Method.ToLowerInvariant(), OperationOf(route, schemas))));
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "The console of NearCache",
                ["version"] = ConsoleService.Version,
                ["description"] = "What the pages show. Addresses are below that of the console.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = ".." }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonObject OperationOf(ConsoleRoute route, JsonObject schemas)
    {
        var parameters = new JsonArray();
        foreach (var name in OfPath.Where(name => route.Pattern.Contains($"{{{name}}}", StringComparison.Ordinal)))
        {
            parameters.Add((JsonNode)Parameter(name, "path", isRequired: true));
        }

        foreach (var name in route.Query)
        {
            parameters.Add((JsonNode)Parameter(name, "query", isRequired: false));
        }

        if (route.Body is not null)
        {
            parameters.Add((JsonNode)Parameter(RequestOrigin.OperationHeader, "header", isRequired: true));
        }

        var operation = new JsonObject
        {
            ["operationId"] = route.Method.ToLowerInvariant() + OperationName(route.Pattern),
            ["summary"] = route.Summary,
            ["x-permission"] = Mapping.NameOf(route.Permission),
            ["parameters"] = parameters,
        };
        if (route.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = Content("application/json", AddSchema(schemas, body)),
            };
        }

        var answer = route.Answer is { } type ? AddSchema(schemas, type) : new JsonObject { ["type"] = "string" };
        if (route.MayBeNull)
        {
            answer = new JsonObject { ["anyOf"] = new JsonArray(answer, new JsonObject { ["type"] = "null" }) };
        }

        operation["responses"] = new JsonObject
        {
            [StatusCodes.Status200OK.ToString(CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["description"] = "The answer.",
                ["content"] = Content(route.MediaType, answer),
            },
            ["default"] = new JsonObject
            {
                ["description"] = "An error.",
                ["content"] = Content("application/problem+json", AddSchema(schemas, ConsoleJson.Default.ProblemModel)),
            },
        };
        return operation;
    }

    private static JsonObject Parameter(string name, string place, bool isRequired) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = isRequired,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Content(string mediaType, JsonNode schema) =>
        new() { [mediaType] = new JsonObject { ["schema"] = schema } };

    // Adds the schema of a type once, and returns a reference to it.
    private static JsonObject AddSchema(JsonObject schemas, JsonTypeInfo type)
    {
        var name = NameOf(type.Type);
        if (!schemas.ContainsKey(name))
        {
            schemas[name] = type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = (_, schema) => WithoutNullsRequired(schema),
            });
            Relocate(schemas[name]!, $"{Schemas}{name}");
        }

        return new JsonObject { ["$ref"] = Schemas + name };
    }

    private static string NameOf(Type type) => type.IsGenericType
        ? type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)] + string.Concat(type.GetGenericArguments().Select(NameOf))
        : type.Name.EndsWith("Model", StringComparison.Ordinal) ? type.Name[..^"Model".Length] : type.Name;

    // The exporter refers to a type that it has met before from the root of the schema.
    private static void Relocate(JsonNode node, string place)
    {
        foreach (var child in node is JsonObject members ? [.. members.Select(member => member.Value)]
            : node is JsonArray items ? [.. items] : Array.Empty<JsonNode?>())
        {
            if (child is not null)
            {
                Relocate(child, place);
            }
        }

        if (node is JsonObject schema && schema["$ref"] is JsonValue reference && (string)reference! is ['#', .. var rest])
        {
            schema["$ref"] = place + rest;
        }
    }

    // A member that is null is left out.
    private static JsonNode WithoutNullsRequired(JsonNode schema)
    {
        if (schema is JsonObject whole && whole["required"] is JsonArray required && whole["properties"] is JsonObject properties)
        {
            var present = required.Select(name => (string)name!).Where(name => !MayBeNull(properties[name])).ToArray();
            whole["required"] = new JsonArray([.. present.Select(name => (JsonNode)name)]);
        }

        return schema;
    }

    private static bool MayBeNull(JsonNode? schema) => schema is JsonObject property
        && ((property["type"] is JsonArray types && types.Any(type => (string?)type == "null"))
            || (property["type"] is JsonValue only && (string?)only == "null"));

    private static string OperationName(string pattern) => string.Concat(pattern
        .Replace("contexts/{context}", "fleet", StringComparison.Ordinal)
        .Split('/', '{', '}', '-')
        .Where(part => part.Length > 0 && part != "api")
        .Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
