using System.CommandLine;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>connections</c>: the owners of the connections of each memcached server.</summary>
internal static class ConnectionsCommand
{
    // A server is asked for its connections at most every 30 s.
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(30);

    private const int MaxOwners = 15;

    public static Command Create(CommandFactory tool)
    {
        var command = new ToolCommand(
            "connections",
            "Shows the owners of the connections of each memcached server: how many are expected from the reports, how many the server "
                + "sees, "
                + "and which ones no report explains. Exit code: 0 all are explained, 1 some are not.",
            "nearcache connections",
            "nearcache connections --for 1m");
        var (limit, all, json) = (
            Durations.Option("--for", "Look again after this time, at least 30 s, and show what is new since the first look."),
            new Option<bool>("--all") { Description = "Show all owners, also those whose connections are explained." },
            CommandFactory.Json());
        foreach (var option in (Option[])[limit, all, json])
        {
            command.Options.Add(option);
        }

        return tool.Does(command, async (context, cancellationToken) =>
        {
            TimeSpan? wait = context.Value(limit) is null ? null : context.Between(limit, Least, TimeSpan.FromHours(1));
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var first = await client.GetConnectionOwnersAsync(cancellationToken).ConfigureAwait(false);
            if (first.Count == 0)
            {
                throw new ToolException("No memcached server is configured: pass --memcached, or set Memcached:Servers.");
            }

            var now = first;
            if (wait is { } time)
            {
                context.Terminal.Note(
                    $"{Words.Count(first.Sum(server => server.Seen), "connection")} now; looking again in {Words.Of(time)} …");
                await Task.Delay(time, context.Host.Time, cancellationToken).ConfigureAwait(false);
                now = await client.GetConnectionOwnersAsync(cancellationToken).ConfigureAwait(false);
            }

            if (context.Value(json))
            {
                Json(context, now);
            }
            else
            {
                for (var i = 0; i < now.Count; i++)
                {
                    Write(context.Terminal, now[i], wait is null ? null : first[i], context.Value(all));
                }
            }

            return now.All(server => server.Problem is null && server.Unaccounted == 0) ? ExitCodes.Success : ExitCodes.Partly;
        });
    }

    private static void Write(Terminal terminal, ConnectionOwnership server, ConnectionOwnership? before, bool all)
    {
        if (server.Problem is { } problem)
        {
            terminal.Line($"{server.Server}: {Words.Count(server.Expected, "connection")} expected; {problem}", Tone.Bad);
            terminal.Line();
            return;
        }

        terminal.Line(
            $"{server.Server}: {server.Seen} seen, {server.Expected} expected, {server.Unaccounted} unaccounted"
                + (before is null ? "" : $", {server.Seen - before.Seen:+0;-0;0} in this run")
                + (server.IsListed ? "" : " (the server does not list its connections)"),
            server.Unaccounted > 0 ? Tone.Warning : Tone.Heading);
        var owners = server.Owners.Where(owner => all || owner.Unaccounted > 0 || New(server, before, owner) > 0).ToArray();
        if (owners.Length > 0)
        {
            terminal.Table(
                ["OWNER", "SEEN", "EXPECTED", "UNACCOUNTED", "IDLE AT MOST", .. before is null ? (string[])[] : ["FIRST SEEN BY THIS RUN"]],
                owners.Take(MaxOwners).Select(owner => (IReadOnlyList<string>)
                [
                    owner.ToString(), $"{owner.Seen}", $"{owner.Expected}", $"{owner.Unaccounted}", Words.Of(owner.LongestIdle),
                    .. before is null ? (string[])[] : [$"{New(server, before, owner)}"],
                ]));
        }

        if (owners.Length > MaxOwners)
        {
            terminal.Line($"and {owners.Length - MaxOwners} more owners");
        }

        foreach (var process in server.NotSeen)
        {
            terminal.Line($"{process} reports connections that the server does not list", Tone.Warning);
        }

        if (server.MissingReports is { } missing)
        {
            terminal.Line($"Reports may be missing, so connections of NearCache may be called unaccounted: {missing}", Tone.Warning);
        }

        terminal.Line();
    }

    // memcached knows no age of a connection: new is what the first look of this run has not listed.
    private static int New(ConnectionOwnership now, ConnectionOwnership? before, ConnectionOwner owner)
    {
        if (before is null)
        {
            return 0;
        }

        var known = before.Connections.Select(connection => (connection.Address, connection.Port)).ToHashSet();
        return now.Connections.Count(connection => connection.Address == owner.Address && connection.Kind == owner.Kind
            && !known.Contains((connection.Address, connection.Port)));
    }

    private static void Json(CommandContext context, IReadOnlyList<ConnectionOwnership> servers) =>
        JsonOutput.Write(context.Host.Output, json =>
        {
            json.WriteStartArray();
            foreach (var server in servers)
            {
                json.WriteStartObject();
                json.WriteString("server", server.Server);
                json.WriteString("problem", server.Problem);
                json.WriteNumber("seen", server.Seen);
                json.WriteNumber("expected", server.Expected);
                json.WriteNumber("unaccounted", server.Unaccounted);
                json.WriteStartArray("owners");
                foreach (var owner in server.Owners)
                {
                    json.WriteStartObject();
                    json.WriteString("owner", owner.ToString());
                    json.WriteString("kind", owner.Kind.ToString());
                    json.WriteString("address", owner.Address);
                    json.WriteNumber("seen", owner.Seen);
                    json.WriteNumber("expected", owner.Expected);
                    json.WriteNumber("unaccounted", owner.Unaccounted);
                    json.Number("longestIdleSeconds", owner.LongestIdle.TotalSeconds);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
}
