using System.CommandLine;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>stop</c>, <c>stops</c> and <c>resume</c>: the kill switch.</summary>
internal static class StopCommands
{
    public static IEnumerable<Command> Create(CommandFactory tool) => [Stop(tool), Stops(tool), Resume(tool)];

    /// <summary>Describes a stop in one line.</summary>
    public static string Describe(RuleStop stop) =>
        $"{stop.Id}: {stop.Rule ?? "all rules"}, by {stop.Who}{(stop.IsVerified ? "" : " (claimed)")}"
            + (stop.When is { } when ? $", {Words.Time(when)}" : "") + $": {stop.Why}";

    private static Command Stop(CommandFactory tool)
    {
        var command = new ToolCommand(
            "stop",
            "Stops near caching by a rule, or as a whole, in every process: the kill switch. Works with ZooKeeper dead. Waits until every "
                + "process has obeyed. Exit code: 0 all have, 1 some have not or cannot say in time, 2 the stop is stored nowhere.",
            "nearcache stop products --why \"wrong prices\"",
            "nearcache stop --all --why \"incident 4711\"");
        var rule = new Argument<string?>("RULE") { Description = "The name of the rule.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Stop near caching as a whole, including rules that are added later." };
        command.Arguments.Add(rule);
        command.Options.Add(all);
        var wait = Wait();
        command.Options.Add(wait);
        var reason = new ReasonOptions().AddTo(command);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            context.ThrowIfReadOnly();
            var (name, why) = (context.Value(rule), reason.Of(context));
            if (name is null != context.Value(all))
            {
                throw new ToolException(name is null ? "Name the rule, or pass --all." : "Name the rule or pass --all, not both.");
            }

            var client = await ConnectAsync(context, wait, cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var stop = await StopAsync(context, client, name, why, cancellationToken).ConfigureAwait(false);
            context.Terminal.Line($"Stopped: {name ?? "all rules"}, as {stop.Stop.Id}.", Tone.Heading);
            foreach (var place in stop.Places)
            {
                context.Terminal.Paragraph(
                    place.Stored is { IsKnown: true, Value: true } ? "√" : "!",
                    place.Stored.IsKnown ? place.Place
                        : (place.Stored.Unknown.StartsWith(place.Place, StringComparison.Ordinal) ? "" : $"{place.Place}: ")
                            + $"{place.Stored.Unknown.TrimEnd('.')}. Processes carry the stop there.",
                    2,
                    place.Stored is { IsKnown: true, Value: true } ? Tone.Good : Tone.Warning);
            }

            var code = Write(context, stop.Obedience, "has obeyed", "have obeyed");
            context.Terminal.Line(HowToEnd(stop.Stop.Id));
            return code;
        });
    }

    // The stop does not wait for the load, which is said first. What is stored stays in force when the wait is interrupted.
    private static async Task<FleetStop> StopAsync(
        CommandContext context, FleetClient client, string? rule, EditReason reason, CancellationToken cancellationToken)
    {
        var storing = new Storing(context);
        var stopping = client.StopAsync(rule, reason, storing, cancellationToken);
        try
        {
            var load = await LoadAsync(client, rule, cancellationToken).ConfigureAwait(false);
            if (!stopping.IsFaulted)
            {
                context.Terminal.Line(load);
            }

            return await stopping.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            storing.Interrupted();
            throw;
        }
    }

    private static string HowToEnd(string id) => $"To end it: nearcache resume {SafeText.ShellWord(id)} --why \"…\"";

    private static Option<TimeSpan?> Wait() => Durations.Option(
        "--wait", "The longest wait until every process has obeyed. Processes report every 5 s.", TimeSpan.FromSeconds(10));

    private static Task<FleetClient> ConnectAsync(
        CommandContext context, Option<TimeSpan?> wait, CancellationToken cancellationToken)
    {
        var limit = context.Between(wait, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        return context.ConnectAsync(cancellationToken, fleet => fleet.ObeyTimeout = limit);
    }

    // What memcached will have to serve, said before it is decided.
    private static async Task<string> LoadAsync(FleetClient client, string? rule, CancellationToken cancellationToken)
    {
        if (client.Rules.Current.Revision == 0)
        {
            return "How many more reads memcached will serve is not known, since the rules are not.";
        }

        var usage = await client.GetUsageAsync(cancellationToken).ConfigureAwait(false);
        var hits = usage.Value?.Where(one => rule is null || one.Rule == rule).Sum(one => one.NearHitsPerSecond);
        var reads = usage.Value?.Sum(one => one.RemoteReadsPerSecond);
        return hits is { } load
            ? $"memcached will serve about {Words.Rate(load)} reads a second more; keys with rules cause {Words.Rate(reads ?? 0)} now."
            : $"How many more reads memcached will serve is not known: {usage.Unknown}";
    }

    private static Command Stops(CommandFactory tool)
    {
        var command = new ToolCommand("stops", "Lists the stops in force. Exit code: 0 none, 1 there are.", "nearcache stops");
        var json = CommandFactory.Json();
        command.Options.Add(json);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var rules = await RulesCommands.CurrentAsync(client, cancellationToken).ConfigureAwait(false);
            if (context.Value(json))
            {
                JsonOutput.Write(context.Host.Output, writer =>
                {
                    writer.WriteStartArray();
                    foreach (var stop in rules.Stops)
                    {
                        writer.WriteStartObject();
                        writer.WriteString("id", stop.Id);
                        writer.WriteString("rule", stop.Rule);
                        writer.WriteString("who", stop.Who);
                        writer.WriteBoolean("isVerified", stop.IsVerified);
                        writer.WriteString("why", stop.Why);
                        writer.WriteString("when", stop.When is { } when ? Words.Time(when) : null);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                });
            }
            else
            {
                foreach (var stop in rules.Stops)
                {
                    context.Terminal.Line(Describe(stop));
                }

                if (rules.Stops.Count == 0)
                {
                    context.Terminal.Line("No stop is in force.");
                }
            }

            return rules.Stops.Count == 0 ? ExitCodes.Success : ExitCodes.Partly;
        });
    }

    private static Command Resume(CommandFactory tool)
    {
        var command = new ToolCommand(
            "resume",
            "Ends stops by an edit of the registry, which needs ZooKeeper where one is configured. Waits until every process knows it.",
            "nearcache resume 7f3c --why \"prices are right again\"");
        var ids = new Argument<string[]>("ID") { Description = "The stops, from nearcache stops.", Arity = ArgumentArity.OneOrMore };
        command.Arguments.Add(ids);
        var wait = Wait();
        command.Options.Add(wait);
        var reason = new ReasonOptions().AddTo(command);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            context.ThrowIfReadOnly();
            var client = await ConnectAsync(context, wait, cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var resumed = await client.ResumeAsync(context.Value(ids), reason.Of(context), cancellationToken).ConfigureAwait(false);
            context.Terminal.Line($"Ended in revision {resumed.Rules.Revision}. Keys are near again a few seconds later.", Tone.Heading);
            return Write(context, resumed.Obedience, "knows it", "know it");
        });
    }

    private static int Write(CommandContext context, Observed<FleetObedience> observed, string has, string have)
    {
        var terminal = context.Terminal;
        if (observed.Value is not { } obedience)
        {
            terminal.Line($"Which processes {have} is not known: {observed.Unknown}", Tone.Warning);
            return ExitCodes.Partly;
        }

        terminal.Paragraph("√", Words.Count(obedience.Obeyed.Count, $"process {has}", $"processes {have}") + ".", 2, Tone.Good);
        if (obedience.NotYet.Count > 0)
        {
            terminal.Paragraph(
                "×", $"Not yet: {Words.List(obedience.NotYet.Select(one => one.ToString()), 20)}. Restart what does not obey.", 2,
                    Tone.Bad);
        }

        if (obedience.CannotSay.Count > 0)
        {
            terminal.Paragraph("!", $"Cannot say: {Words.List(obedience.CannotSay.Select(one => one.ToString()), 20)}.", 2, Tone.Warning);
        }

        if (obedience.Unlisted is { } unlisted)
        {
            terminal.Paragraph("!", $"There may be processes in none of these lists: {unlisted.TrimEnd('.')}.", 2, Tone.Warning);
        }

        // Without ZooKeeper there are no members beside the reports; with it, unknown members are processes that may not have obeyed.
        var isComplete = obedience.IsComplete
            && (obedience.Unlisted is null || context.Connection.Options.ZooKeeper.ConnectionString.Length == 0);
        return isComplete ? ExitCodes.Success : ExitCodes.Partly;
    }

    // Tells once, as soon as it is true, that the stop is on its way: what comes after takes seconds.
    private sealed class Storing(CommandContext context) : IProgress<FleetStop>
    {
        private readonly long _began = context.Host.Time.GetTimestamp();
        private int _told;
        private volatile string? _stored;

        /// <summary>Tells that the stop is in force, if it is stored.</summary>
        public void Interrupted()
        {
            if (_stored is { } id)
            {
                context.Terminal.Note($"The stop {id} is stored, and in force. {HowToEnd(id)}");
            }
        }

        public void Report(FleetStop value)
        {
            if (value.Places.FirstOrDefault(place => place.Stored is { IsKnown: true, Value: true }) is { } first
                && Interlocked.Exchange(ref _told, 1) == 0)
            {
                _stored = value.Stop.Id;
                context.Terminal.Note(
                    $"Stored by {first.Place} after {Words.Of(context.Host.Time.GetElapsedTime(_began))}. Following the processes …");
            }
        }
    }
}
