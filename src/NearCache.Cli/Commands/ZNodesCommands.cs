using System.CommandLine;
using System.Globalization;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary><c>znodes</c> and <c>clean</c>: what the namespace stores in ZooKeeper, and the removal of what it no longer uses.</summary>
internal static class ZNodesCommands
{
    public static Command CreateZNodes(CommandFactory tool)
    {
        var command = new ToolCommand(
            "znodes",
            "Shows the nodes of the namespace in ZooKeeper and what they cost, and beside them the other applications of the ensemble, "
                + "each "
                + "by one request for its name: its children and their changes a second. Nothing of another application is listed.",
            "nearcache znodes",
            "nearcache znodes --for 30s");
        var between = Durations.Option("--for", "The time between two readings, from which rates are known.", TimeSpan.FromSeconds(3));
        command.Options.Add(between);
        return tool.Does(command, async (context, cancellationToken) =>
        {
            var wait = context.Between(between, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var before = await client.GetEnsembleAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new ToolException("No ZooKeeper is configured: pass --zookeeper, or set ZooKeeper:ConnectionString.");
            if (!before.Subtree.IsKnown)
            {
                return Own(context, before, before, between: 1);
            }

            var tenantsBefore = await client.GetCoTenantsAsync(cancellationToken).ConfigureAwait(false);
            var from = context.Host.Time.GetTimestamp();
            await Task.Delay(wait, context.Host.Time, cancellationToken).ConfigureAwait(false);
            var ensemble = await client.GetEnsembleAsync(cancellationToken).ConfigureAwait(false);
            var tenants = await client.GetCoTenantsAsync(cancellationToken).ConfigureAwait(false);
            var seconds = context.Host.Time.GetElapsedTime(from).TotalSeconds;
            var code = Own(context, before, ensemble!, seconds);
            await NamespacesAsync(context, client, cancellationToken).ConfigureAwait(false);
            Tenants(context.Terminal, tenantsBefore, tenants, seconds);
            return code;
        });
    }

    public static Command CreateClean(CommandFactory tool)
    {
        var command = new ToolCommand(
            "clean",
            "Removes nodes of older layouts below the namespace in ZooKeeper: counts them first, then asks. What NearCache uses, what is "
                + "ephemeral and what was written lately is preserved. Interrupted, it goes on when it is run again.",
            "nearcache clean --dry-run",
            "nearcache clean --yes --rate 200");
        var (dry, yes, rate, untouched) = (
            new Option<bool>("--dry-run") { Description = "Only count." },
            CommandFactory.Yes(),
            new Option<int>("--rate") { Description = "The nodes a second.", HelpName = "NUMBER", DefaultValueFactory = _ => 1000 },
            Durations.Option("--untouched-for", "The age below which a node is preserved.", TimeSpan.FromHours(1)));
        foreach (var option in (Option[])[dry, yes, rate, untouched])
        {
            command.Options.Add(option);
        }

        return tool.Does(command, async (context, cancellationToken) =>
        {
            var options = new CleanerOptions { ZNodesPerSecond = context.Value(rate), UntouchedFor = context.Value(untouched)!.Value };
            if (options.ZNodesPerSecond is < 1 or > 50_000)
            {
                throw new ToolException(string.Create(
                    CultureInfo.InvariantCulture, $"--rate is {options.ZNodesPerSecond}, but must be from 1 to 50000."));
            }

            if (!context.Value(dry))
            {
                context.ThrowIfReadOnly();
            }

            var client = await context.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using var close = client.ConfigureAwait(false);
            var ensemble = await client.GetEnsembleAsync(cancellationToken).ConfigureAwait(false);
            if (ensemble is { LastZxid: { IsKnown: false, Unknown: var why } })
            {
                // The cleaner waits for an ensemble that comes back.
                throw new ToolException($"Nothing was counted: {why.TrimEnd('.')}. nearcache doctor says what to do.");
            }

            var progress = new Progress(context.Terminal);
            var found = await client.FindLeftoversAsync(options, progress, cancellationToken).ConfigureAwait(false);
            context.Terminal.Line($"{Words.Count(found.Leftovers, "leftover")} below namespace {client.Namespace}; preserved: "
                + $"{Words.Number(found.Alive)} ephemeral, {Words.Number(found.Young)} written lately.");
            if (context.Value(dry) || found.Leftovers == 0)
            {
                return ExitCodes.Success;
            }

            if (!context.Value(yes)
                && !context.Terminal.Confirm($"Remove {Words.Count(found.Leftovers, "node")}? They cannot be restored."))
            {
                context.Terminal.Note("Nothing was removed.");
                return ExitCodes.Failure;
            }

            var removed = await client.CleanAsync(options, progress, cancellationToken).ConfigureAwait(false);
            context.Terminal.Line($"{Words.Count(removed.Removed, "node")} removed in {Words.Count(removed.Transactions, "transaction")}.");
            return ExitCodes.Success;
        });
    }

    private static int Own(CommandContext context, FleetEnsemble before, FleetEnsemble now, double between)
    {
        var terminal = context.Terminal;
        var path = $"{now.Chroot}/nearcache/{context.Connection.Options.Namespace}";
        if (now.Subtree.Value is not { } tree)
        {
            terminal.Line($"{path}: {now.Subtree.Unknown}", Tone.Bad);
            return ExitCodes.Failure;
        }

        var rate = before.Subtree.Value is { } earlier && earlier.SlotWrites.Count == tree.SlotWrites.Count
            ? Words.Rate((tree.SlotWrites.Sum() - earlier.SlotWrites.Sum()) / between)
            : "unknown";
        terminal.Line(path, Tone.Heading);
        terminal.Table(
            ["NODE", "NUMBER", "WRITES", "WRITES/S"],
            [
                ["slots", Words.Number(tree.SlotWrites.Count), Words.Number(tree.SlotWrites.Sum(one => (long)one)), rate],
                ["rules", tree.RegistryBytes is { } bytes ? Words.Bytes(bytes) : "missing",
                    tree.RegistryWrites is { } writes ? Words.Number(writes) : "", ""],
                ["members", Words.Number(tree.Members), "", ""],
                ["leftovers", Words.Number(tree.Leftovers), "", tree.Leftovers > 0 ? "nearcache clean" : ""],
            ]);
        if (tree.Missing.Count > 0)
        {
            terminal.Line($"Missing: {string.Join(", ", tree.Missing)}", Tone.Bad);
        }

        if (tree.Quota.Value is { Limits: { } limits } quota)
        {
            terminal.Line($"Quota {limits}; used {quota.Used ?? "unknown"}");
        }

        terminal.Line(now.TransactionsPerSecond.IsKnown
            ? $"All applications of the ensemble: {Words.Rate(now.TransactionsPerSecond.Value)} transactions a second"
            : $"The transactions of the ensemble are unknown: {now.TransactionsPerSecond.Unknown}");
        terminal.Line();
        return ExitCodes.Success;
    }

    private static async Task NamespacesAsync(CommandContext context, FleetClient client, CancellationToken cancellationToken)
    {
        var namespaces = await client.GetNamespacesAsync(cancellationToken).ConfigureAwait(false);
        if (namespaces.Value is not { } all)
        {
            context.Terminal.Line($"The namespaces are unknown: {namespaces.Unknown}", Tone.Warning);
            return;
        }

        context.Terminal.Table(
            ["NAMESPACE", "MEMBERS", "JOINED AND LEFT", "CREATED"],
            all.Select(one => (IReadOnlyList<string>)
            [
                one.Name + (one.IsOwn ? " (this one)" : ""), Shown(one.Members), Shown(one.JoinsAndLeaves),
                one.CreatedAt.IsKnown ? Words.Time(one.CreatedAt.Value) : "unknown",
            ]));
        context.Terminal.Line();
    }

    private static void Tenants(Terminal terminal, Observed<FleetCoTenants> before, Observed<FleetCoTenants> now, double between)
    {
        if (now.Value is not { } tenants)
        {
            terminal.Line($"The other applications are unknown: {now.Unknown}", Tone.Warning);
            return;
        }

        if (tenants.Count == 0)
        {
            terminal.Line("No other application has a name at the root of the ensemble.");
            return;
        }

        var earlier = (before.Value?.Names ?? []).ToDictionary(one => one.Path, StringComparer.Ordinal);
        terminal.Table(
            ["OTHER APPLICATION", "PRODUCT", "CHILDREN", "CHANGES/S"],
            tenants.Names.Select(one => (IReadOnlyList<string>)
            [
                one.Path, one.Product ?? "", Shown(one.Children),
                earlier.GetValueOrDefault(one.Path)?.ChildrenChanges is { IsKnown: true, Value: var was } && one.ChildrenChanges.IsKnown
                    ? Words.Rate((one.ChildrenChanges.Value - was) / between)
                    : "unknown",
            ]));
        if (tenants.Count > tenants.Names.Count)
        {
            terminal.Line($"and {tenants.Count - tenants.Names.Count} more.");
        }
    }

    private static string Shown(Observed<int> number) => number.IsKnown ? Words.Number(number.Value) : "unknown";

    // The progress goes to standard error, a line for each thousand nodes.
    private sealed class Progress(Terminal terminal) : IProgress<CleanerReport>
    {
        private const long Step = 1_000;
        private long _told;

        public void Report(CleanerReport value)
        {
            if (value.Leftovers + value.Removed >= _told + Step)
            {
                _told = value.Leftovers + value.Removed;
                terminal.Note($"{Words.Number(value.Leftovers)} found, {Words.Number(value.Removed)} removed …");
            }
        }
    }
}
