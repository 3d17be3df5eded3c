using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using NearCache.Management.Diagnostics;

namespace NearCache.Management.Security;

/// <summary>Writes what users do and what they are refused to a log category of its own, as one JSON object in one line.</summary>
/// <param name="loggers">Creates the logger.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditLog(ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>The category.</summary>
    public const string Category = "NearCache.Management.Audit";

    private const int MostText = 400;

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    /// <summary>Writes an entry.</summary>
    public void Write(AuditEntry entry)
    {
        var line = JsonSerializer.Serialize(
            entry with
            {
                Time = time.GetUtcNow(),
                Context = Cut(entry.Context),
                Target = Cut(entry.Target),
                Reason = Cut(entry.Reason),
                Detail = Cut(entry.Detail),
                User = Cut(entry.User),
            },
            AuditJson.Default.AuditEntry);
        if (entry.Outcome == AuditOutcome.Refused)
        {
            _logger.Refused(line);
        }
        else
        {
            _logger.Audited(line);
        }
    }

    private static string? Cut(string? text) => text is { Length: > MostText } ? text[..MostText] : text;
}

/// <summary>An operation, or an attempt.</summary>
internal sealed record AuditEntry
{
    /// <summary>Gets the time, set by the log.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Gets what was done, as the route names it, such as <c>rules/add</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Gets what became of it.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>Gets the fleet; null if the request named none.</summary>
    public string? Context { get; init; }

    /// <summary>Gets the name of the user; null without a sign-in.</summary>
    public string? User { get; init; }

    /// <summary>Gets a value indicating whether the user has signed in.</summary>
    public bool IsVerified { get; init; }

    /// <summary>Gets the address of the client.</summary>
    public string? Address { get; init; }

    /// <summary>Gets what the operation was about: a rule, a stop, or a key as it may be shown.</summary>
    public string? Target { get; init; }

    /// <summary>Gets the reason that the user gave.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets why it was refused or has failed.</summary>
    public string? Detail { get; init; }
}

/// <summary>Specifies what became of an operation.</summary>
internal enum AuditOutcome
{
    Done,
    Failed,
    Refused,
}

/// <summary>How entries are written: every character outside of ASCII, and every control character, is escaped.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditEntry))]
internal sealed partial class AuditJson : JsonSerializerContext;
