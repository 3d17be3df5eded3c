using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NearCache.Cli.Doctoring;
using NearCache.Cli.Output;
using NearCache.Cli.Rules;

namespace NearCache.Cli.Commands;

/// <summary><c>bundle</c>: one file for a report of a defect.</summary>
internal static partial class BundleCommand
{
    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "bundle",
            "Writes one file for a bug report: the answer of the doctor, reports of processes, statistics, rules with their history, "
                + "and the "
                + "settings without passwords. It has no values and no keys of the application.",
            "nearcache bundle",
            "nearcache bundle -f incident-4711.zip");
        var file = new Option<string?>("--file", "-f")
        {
            Description = "The file. Default: nearcache-NAMESPACE-TIME.zip in the current folder.",
            HelpName = "FILE",
        };
        command.Options.Add(file);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var reading = await DoctorCommand.ReadAsync(context, isBeforeFirstStart: false, cancellationToken).ConfigureAwait(false);
            var name = context.Value(file) ?? string.Create(
                CultureInfo.InvariantCulture,
                $"nearcache-{reading.Options.Namespace}-{context.Host.Time.GetUtcNow():yyyyMMdd-HHmmss}.zip");
            var path = Path.Combine(context.Host.Folder, name);
            var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            await using (stream.ConfigureAwait(false))
            {
                Write(stream, context, reading);
            }

            context.Terminal.Line($"Written: {path}. Look into it before you send it: it names hosts, rules and authors.");
            return ExitCodes.Success;
        });
    }

    private static void Write(Stream stream, CommandContext context, FleetReading reading)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        void Add(string name, string text)
        {
            using var writer = new StreamWriter(zip.CreateEntry(name).Open());
            writer.Write(text);
        }

        var checks = FleetDoctor.Examine(reading);
        Add("doctor.txt", Plain(context, terminal => DoctorCommand.Print(terminal, checks)));
        Add("doctor.json", JsonOutput.Text(json =>
        {
            json.WriteStartObject();
            DoctorCommand.WriteChecks(json, checks);
            json.WriteEndObject();
        }));
        Add("tool.txt", string.Create(
            CultureInfo.InvariantCulture,
            $"""
            nearcache {typeof(BundleCommand).Assembly.GetName().Version}
            {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}
            {Words.Time(context.Host.Time.GetUtcNow())}, settings of {SafeText.Of(context.Connection.Source)}

            """));
        Add("settings.json", Settings(context.Connection.Settings, reading.Options));
        Add("servers.json", JsonSerializer.Serialize(reading.Servers, BundleJson.Default.IReadOnlyListFleetServer));
        if (reading.Ensemble is { } ensemble)
        {
            Add("ensemble.json", JsonSerializer.Serialize(ensemble, BundleJson.Default.FleetEnsemble));
        }

        if (reading.Reports is { } reports)
        {
            Add("reports.json", JsonSerializer.Serialize(reports, BundleJson.Default.ObservedFleetReports));
            Add("details.json", JsonSerializer.Serialize(reading.Details, BundleJson.Default.IReadOnlyListProcessDetail));
        }

        if (reading.Usage is { } usage)
        {
            Add("usage.json", JsonSerializer.Serialize(usage, BundleJson.Default.ObservedIReadOnlyListRuleUsage));
        }

        if (reading.Rules?.Current.Value is { } rules)
        {
            Add("rules.json", Rules(rules));
        }
    }

    private static string Plain(CommandContext context, Action<Terminal> write)
    {
        using var text = new StringWriter();
        write(new Terminal(new ToolHost { Output = text, Error = TextWriter.Null, Input = TextReader.Null, Time = context.Host.Time },
            hasColors: false));
        return text.ToString();
    }

    // Keys to preload are keys of the application: only their number is told.
    private static string Rules(RegistrySnapshot rules) => JsonOutput.Text(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("revision", rules.Revision);
        json.WriteStartArray("rules");
        foreach (var rule in rules.Rules)
        {
            json.WriteStartObject();
            json.WriteNumber("since", rule.Since);
            json.WritePropertyName("settings");
            RuleSettings.Write(json, WithoutKeys(rule.Settings));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("stops");
        foreach (var stop in rules.Stops)
        {
            json.WriteStringValue(StopCommands.Describe(stop));
        }

        json.WriteEndArray();
        json.WriteStartArray("history");
        foreach (var edit in rules.History)
        {
            json.WriteStartObject();
            json.WriteNumber("revision", edit.Revision);
            json.WriteString("when", edit.When);
            json.WriteString("who", edit.Who);
            json.WriteBoolean("isVerified", edit.IsVerified);
            json.WriteString("why", edit.Why);
            json.WriteStartArray("changes");
            var shown = edit with
            {
                Changes = edit.Changes?.Select(change => change with
                {
                    Before = change.Before is { } before ? WithoutKeys(before) : null,
                    After = change.After is { } after ? WithoutKeys(after) : null,
                }).ToArray(),
            };
            foreach (var line in RuleChanges.Describe(shown))
            {
                json.WriteStringValue(line);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static RuleOptions WithoutKeys(RuleOptions rule)
    {
        var copy = new RuleOptions { Name = rule.Name };
        RuleSettings.Copy(rule, copy);
        copy.Preload.Clear();
        if (rule.Preload.Count > 0)
        {
            copy.Preload.Add($"({Words.Count(rule.Preload.Count, "key")})");
        }

        return copy;
    }

    private static string Settings(IConfiguration? settings, NearCacheOptions options) => JsonOutput.Text(json =>
    {
        json.WriteStartObject();
        if (settings is null)
        {
            json.WriteString("Namespace", options.Namespace);
            json.WriteString("Memcached", string.Join(',', options.Memcached.Servers));
            json.WriteString("ZooKeeper", options.ZooKeeper.ConnectionString);
        }
        else
        {
            foreach (var child in settings.GetChildren())
            {
                Setting(json, child);
            }
        }

        json.WriteEndObject();
    });

    private static void Setting(Utf8JsonWriter json, IConfigurationSection section)
    {
        if (section.Key == nameof(RuleOptions.Preload))
        {
            json.WriteString(section.Key, $"({Words.Count(section.GetChildren().Count(), "key")})");
        }
        else if (section.Value is { } value)
        {
            json.WriteString(section.Key, Secret().IsMatch(section.Path) ? "(not shown)" : value);
        }
        else
        {
            json.WriteStartObject(section.Key);
            foreach (var child in section.GetChildren())
            {
                Setting(json, child);
            }

            json.WriteEndObject();
        }
    }

    // The passwords of both clients, the credentials of ZooKeeper, the hashes of its access rights, and what looks like one of these.
    [GeneratedRegex("password|credential|secret|token|pwd|:acl", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}

/// <summary>What the bundle has as JSON.</summary>
[JsonSerializable(typeof(IReadOnlyList<FleetServer>))]
[JsonSerializable(typeof(FleetEnsemble))]
[JsonSerializable(typeof(Observed<FleetReports>))]
[JsonSerializable(typeof(IReadOnlyList<ProcessDetail>))]
[JsonSerializable(typeof(Observed<IReadOnlyList<RuleUsage>>))]
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
internal sealed partial class BundleJson : JsonSerializerContext;
