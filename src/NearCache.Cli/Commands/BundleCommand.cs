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
using NearCache.Management;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Cli.Commands;

/// <summary><c>bundle</c>: one file for a report of a defect.</summary>
internal static partial class BundleCommand
{
    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(30);

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "bundle",
            "Writes one file for a bug report: the answer of the doctor, reports of processes, statistics, rules with their history, "
                + "and the settings without passwords. It has no values, and keys only as Reports:Keys of the processes says.",
            "nearcache bundle",
            "nearcache bundle --at 2026-11-30T03:15Z --data /var/lib/nearcache/console",
            "nearcache bundle -f incident-4711.zip");
        var file = new Option<string?>("--file", "-f")
        {
            Description = "The file. Default: nearcache-NAMESPACE-TIME.zip in the current folder.",
            HelpName = "FILE",
        };
        var at = BundleTime.Option();
        var data = new Option<string?>("--data")
        {
            Description = "The folder of the console's history, for --at. Default: that of a console of this user.",
            HelpName = "FOLDER",
        };
        command.Options.Add(file);
        command.Options.Add(at);
        command.Options.Add(data);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            if (context.Value(at) is { } future && future > context.Host.Time.GetUtcNow())
            {
                throw new ToolException($"--at is {Words.Time(future)}, which is not over yet.");
            }

            var reading = await DoctorCommand.ReadAsync(context, isBeforeFirstStart: false, LongestReading, cancellationToken)
                .ConfigureAwait(false);
            var name = context.Value(file) ?? string.Create(
                CultureInfo.InvariantCulture,
                $"nearcache-{FileName(reading.Options.Namespace)}-{context.Host.Time.GetUtcNow():yyyyMMdd-HHmmss}.zip");
            var path = Path.Combine(context.Host.Folder, name);
            var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            try
            {
                await using (stream.ConfigureAwait(false))
                {
                    using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
                    Write(zip, context, reading);
                    if (context.Value(at) is { } time)
                    {
                        WriteTime(zip, context, reading, time, context.Value(data));
                    }
                }
            }
            catch
            {
                File.Delete(path);
                throw;
            }

            context.Terminal.Line($"Written: {path}. Look into it before you send it: it names hosts, rules and authors.");
            return ExitCodes.Success;
        });
    }

    // The namespace of invalid settings may be anything, a path too.
    private static string FileName(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_'));

    private static void Add(this ZipArchive zip, string name, string text)
    {
        using var writer = new StreamWriter(zip.CreateEntry(name).Open());
        writer.Write(text);
    }

    private static void WriteTime(ZipArchive zip, CommandContext context, FleetReading reading, DateTimeOffset at, string? data)
    {
        zip.Add("at/rules.json", JsonOutput.Text(json =>
        {
            json.WriteStartObject();
            json.WriteString("at", at);
            string? unknown = "the rules are not known";
            var rules = reading.Rules?.Current.Value is { } current ? BundleTime.RulesAt(current, at, out unknown) : [];
            json.WriteString("unknown", unknown);
            json.WriteStartArray("rules");
            foreach (var rule in rules)
            {
                RuleSettings.Write(json, WithoutKeys(rule));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }));
        var folder = Path.Combine(
            data is null ? NearCacheConsoleHost.DefaultDataFolder : Path.Combine(context.Host.Folder, data),
            context.Connection.Context?.Name ?? reading.Options.Namespace);
        if (BundleTime.StoredAround(folder, at) is { Length: > 0 } stored)
        {
            zip.Add("at/console.jsonl", stored);
        }
        else
        {
            context.Terminal.Note($"{folder} has nothing of {Words.Time(at)}: the bundle has the rules of then alone.");
        }
    }

    private static void Write(ZipArchive zip, CommandContext context, FleetReading reading)
    {
        void Add(string name, string text) => zip.Add(name, text);

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
        Add("settings.json", Settings(context.Connection.Settings));
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
        json.Texts("stops", rules.Stops.Select(StopCommands.Describe));
        json.WriteStartArray("history");
        foreach (var edit in rules.History)
        {
            json.WriteStartObject();
            json.WriteNumber("revision", edit.Revision);
            json.WriteString("when", edit.When);
            json.WriteString("who", edit.Who);
            json.WriteBoolean("isVerified", edit.IsVerified);
            json.WriteString("why", edit.Why);
            var shown = edit with
            {
                Changes = edit.Changes?.Select(change => change with
                {
                    Before = change.Before is { } before ? WithoutKeys(before) : null,
                    After = change.After is { } after ? WithoutKeys(after) : null,
                }).ToArray(),
            };
            json.Texts("changes", RuleChanges.Describe(shown));
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

    private static string Settings(IConfiguration settings) => JsonOutput.Text(json =>
    {
        json.WriteStartObject();
        foreach (var child in settings.GetChildren())
        {
            Setting(json, child);
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
            json.WriteString(section.Key, IsShown(section) ? value : "(not shown)");
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

    // What is no setting may be a misspelled password, so it is not shown. An entry of a list is what its list is.
    private static bool IsShown(IConfigurationSection section)
    {
        var name = section.Key.All(char.IsAsciiDigit) ? section.Path.Split(':')[^2] : section.Key;
        return Settings().Contains(name) && !Secret().IsMatch(section.Path);
    }

    private static HashSet<string> Settings() => new(
        new[]
        {
            typeof(NearCacheOptions).GetProperties(), typeof(MemcachedOptions).GetProperties(), typeof(ZooKeeperOptions).GetProperties(),
            typeof(BudgetOptions).GetProperties(), typeof(EnsembleOptions).GetProperties(), typeof(MonitorOptions).GetProperties(),
            typeof(ReportOptions).GetProperties(), typeof(RuleOptions).GetProperties(), typeof(ZooKeeperSaslCredentials).GetProperties(),
            typeof(ZooKeeperAuthentication).GetProperties(),
        }.SelectMany(properties => properties).Select(property => property.Name),
        StringComparer.OrdinalIgnoreCase);

    // The passwords of both clients, the credentials of ZooKeeper, and the hashes of its access rights.
    [GeneratedRegex("password|credential|:acl", RegexOptions.IgnoreCase)]
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
