using System.Text;
using System.Text.Json;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.ZooKeeper;

namespace NearCache.Observing;

/// <summary>Observes the ZooKeeper ensemble of a fleet through the gateway, with lanes that do not delay each other.</summary>
/// <param name="gate">The gateway.</param>
/// <param name="name">The namespace.</param>
/// <param name="timeout">The time for one part of an answer.</param>
/// <param name="clock">The monotonic clock.</param>
/// <param name="time">The clock.</param>
internal sealed class EnsembleObserver(EnsembleGateway gate, string name, TimeSpan timeout, NearClock clock, TimeProvider time)
{
    /// <summary>The most co-tenants that are looked at.</summary>
    public const int MaxCoTenants = 50;

    /// <summary>The most namespaces that are looked at.</summary>
    public const int MaxNamespaces = 200;

    /// <summary>The longest list of names that is read.</summary>
    public const int MaxListed = 1_000;

    // The replies to a request stay far below the largest message.
    private const int MembersInRequest = 100;

    private const string Source = "ZooKeeper";

    private readonly Observation _observation = new(timeout, time);
    private readonly NamespacePaths _paths = new(name);
    private readonly TransactionRate _rate = new();
    private readonly Lock _lock = new();   // guards the rate
    private readonly EnsembleLane _words = Lane(gate);
    private readonly EnsembleLane _root = Lane(gate);
    private readonly EnsembleLane _tree = Lane(gate);
    private readonly EnsembleLane _quota = Lane(gate);
    private readonly EnsembleLane _members = Lane(gate);
    private readonly EnsembleLane _namespaces = Lane(gate);
    private readonly EnsembleLane _coTenants = Lane(gate);

    /// <summary>Reads the session, the servers and the nodes of the namespace.</summary>
    public async Task<FleetEnsemble> ReadAsync(CancellationToken cancellationToken)
    {
        var zxid = _observation.OfAsync(Source, ZxidAsync, cancellationToken);
        var status = QueryAsync("srvr", cancellationToken);
        var monitor = QueryAsync("mntr", cancellationToken);
        var connections = QueryAsync("cons", cancellationToken);
        var subtree = _observation.OfAsync(Source, SubtreeAsync, cancellationToken);
        var (replies, figures, clients) = (await status.ConfigureAwait(false), await monitor.ConfigureAwait(false),
            await connections.ConfigureAwait(false));
        return new FleetEnsemble
        {
            Session = gate.State.ToString(),
            Chroot = _root.Chroot,
            LastZxid = await zxid.ConfigureAwait(false),
            TransactionsPerSecond = Rate(await zxid.ConfigureAwait(false)),
            Servers =
            [
                .. replies.Select((reply, index) => new FleetEnsembleServer
                {
                    Name = reply.Server,
                    Status = Parse(reply, FourLetterWords.Status),
                    Monitor = Parse(figures[index], FourLetterWords.Monitor),
                    Connections = Parse(clients[index], FourLetterWords.Connections),
                }),
            ],
            Subtree = await subtree.ConfigureAwait(false),
        };
    }

    /// <summary>Reads the members of the namespace.</summary>
    public Task<Observed<IReadOnlyList<FleetMember>>> ReadMembersAsync(CancellationToken cancellationToken) =>
        _observation.OfAsync(Source, MembersAsync, cancellationToken);

    /// <summary>Reads the namespaces of the ensemble.</summary>
    public Task<Observed<IReadOnlyList<FleetNamespace>>> ReadNamespacesAsync(CancellationToken cancellationToken) =>
        _observation.OfAsync(Source, NamespacesAsync, cancellationToken);

    /// <summary>Reads the names beside NearCache at the root of the ensemble, and looks at each once.</summary>
    public Task<Observed<FleetCoTenants>> ReadCoTenantsAsync(CancellationToken cancellationToken) =>
        _observation.OfAsync(Source, CoTenantsAsync, cancellationToken);

    private static EnsembleLane Lane(EnsembleGateway gate) =>
        gate.Lane(EnsembleRequest.Inspect, EnsembleRequest.Inspect, EnsemblePacing.RateLimited);

    private async Task<long> ZxidAsync(CancellationToken cancellationToken)
    {
        // Any reply shows it, and this one needs no permission.
        await _root.AtRoot.ExistsAsync("/", null, cancellationToken).ConfigureAwait(false);
        return _root.LastZxid;
    }

    private Observed<double> Rate(Observed<long> zxid)
    {
        lock (_lock)
        {
            return zxid.Select(known => _rate.Read(known, clock.Monotonic()));
        }
    }

    private async Task<IReadOnlyList<ZooKeeperServerReply>> QueryAsync(string word, CancellationToken cancellationToken) =>
        await _words.QueryServersAsync(word, cancellationToken).ConfigureAwait(false);

    private static Observed<T> Parse<T>(ZooKeeperServerReply reply, Func<string, Observed<T>> parse) =>
        reply.Text is { } text ? parse(text) : Observed<T>.Missing(reply.Problem ?? "the server does not reply", UnknownCause.NoAnswer);

    private async Task<FleetSubtree> SubtreeAsync(CancellationToken cancellationToken)
    {
        // The check of the nodes would create the chroot where the settings allow it.
        if (_tree.Chroot.Length > 0 && await _tree.AtRoot.ExistsAsync(_tree.Chroot, null, cancellationToken).ConfigureAwait(false) is null)
        {
            var missing = $"the chroot {_tree.Chroot} of the connection string does not exist";
            throw new NearCacheException(missing, new NoNodeException(missing, _tree.Chroot));
        }

        var scan = await new NamespaceTree(_tree, _paths, ZNodeAcl.OpenToAll).ScanAsync(cancellationToken).ConfigureAwait(false);
        async Task<ZNodeStat?> StatAsync(string path) =>
            scan.Missing.Contains(path) ? null : await _tree.ExistsAsync(path, null, cancellationToken).ConfigureAwait(false);
        var home = await StatAsync(_paths.Home).ConfigureAwait(false);
        var members = await StatAsync(_paths.Members).ConfigureAwait(false);
        var slots = await StatAsync(_paths.Slots).ConfigureAwait(false);
        var rules = await StatAsync(_paths.Rules).ConfigureAwait(false);
        var all = await Task.WhenAll(Enumerable.Range(0, NamespacePaths.SlotCount).Select(slot => StatAsync(_paths.Slot(slot))))
            .ConfigureAwait(false);
        var parts = new[] { scan.Format is not null, rules is not null, members is not null, slots is not null }.Count(isThere => isThere);
        return new FleetSubtree
        {
            Missing = scan.HasRules ? scan.Missing : [.. scan.Missing, _paths.Rules],
            Format = scan.Format is int.MaxValue ? null : scan.Format,
            Members = members?.ChildrenCount ?? 0,
            Leftovers = Math.Max((home?.ChildrenCount ?? 0) - parts, 0)
                + Math.Max((slots?.ChildrenCount ?? 0) - all.Count(slot => slot is not null), 0),
            RegistryWrites = rules?.Version,
            RegistryBytes = rules?.DataLength,
            SlotWrites = [.. all.OfType<ZNodeStat>().Select(slot => slot.Version)],
            Quota = await _observation.OfAsync(Source, QuotaAsync, cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task<FleetQuota> QuotaAsync(CancellationToken cancellationToken)
    {
        var at = SubtreeQuota.PathOf(_quota.Chroot + _paths.Home);
        async Task<string?> TextAsync(string path) =>
            await _quota.AtRoot.TryGetDataAsync(path, null, cancellationToken).ConfigureAwait(false) is { } data
                ? Encoding.UTF8.GetString(data.Data.Span)
                : null;
        return new FleetQuota
        {
            Limits = await TextAsync(at + SubtreeQuota.Limits).ConfigureAwait(false),
            Used = await TextAsync(at + SubtreeQuota.Stats).ConfigureAwait(false),
        };
    }

    private async Task<IReadOnlyList<FleetMember>> MembersAsync(CancellationToken cancellationToken)
    {
        var names = await ListAsync(_members, _paths.Members, MaxListed, cancellationToken).ConfigureAwait(false);
        List<FleetMember> members = [];
        foreach (var some in names.Chunk(MembersInRequest))
        {
            var read = await _members.MultiReadAsync(
                [.. some.Select(id => MultiReadOperation.GetData(_paths.Member(id)))], cancellationToken).ConfigureAwait(false);

            // A member that has left meanwhile has no data.
            members.AddRange(some.Zip(read).Where(pair => pair.Second.Error != ZooKeeperErrorCode.NoNode)
                .Select(pair => Member(pair.First, pair.Second.Data?.Data ?? default)));
        }

        return members;
    }

    private static FleetMember Member(string id, ReadOnlyMemory<byte> content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            var root = json.RootElement;
            string? Text(string name) =>
                root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            return new FleetMember
            {
                Id = id,
                Host = Text("host"),
                ProcessId = root.TryGetProperty("process", out var process) && process.ValueKind == JsonValueKind.Number
                    && process.TryGetInt32(out var number) ? number : null,
                Version = Text("version"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new FleetMember { Id = id };
        }
    }

    private async Task<IReadOnlyList<FleetNamespace>> NamespacesAsync(CancellationToken cancellationToken)
    {
        var names = await ListAsync(_namespaces, NamespacePaths.Root, MaxListed, cancellationToken).ConfigureAwait(false);
        string[] some = [.. names.OrderBy(other => other != name).ThenBy(other => other, StringComparer.Ordinal).Take(MaxNamespaces)];
        if (some.Length == 0)
        {
            return [];
        }

        // The stat of each in one request: the nodes have no data to speak of.
        var read = await _namespaces.MultiReadAsync(
            [.. some.Select(other => MultiReadOperation.GetData(new NamespacePaths(other).Members))], cancellationToken)
            .ConfigureAwait(false);
        return
        [
            .. some.Select((other, index) =>
            {
                var members = StatOf(read[index], "members");
                return new FleetNamespace
                {
                    Name = other,
                    IsOwn = other == name,
                    Members = members.Select(stat => Observed<int>.Of(stat.ChildrenCount)),
                    JoinsAndLeaves = members.Select(stat => Observed<int>.Of(stat.ChildrenVersion)),
                    CreatedAt = members.Select(stat => Observed<DateTimeOffset>.Of(stat.CreatedAt)),
                };
            }),
        ];
    }

    private async Task<FleetCoTenants> CoTenantsAsync(CancellationToken cancellationToken)
    {
        var root = _coTenants.AtRoot;
        var names = await ListAsync(root, "/", MaxListed, cancellationToken).ConfigureAwait(false);
        var foreign = EnsembleInspector.CoTenantsAmong(names, _coTenants.Chroot);
        var looks = foreign.Take(MaxCoTenants).Select(async other =>
        {
            var stat = await _observation.OfAsync(
                Source,
                async token => await root.ExistsAsync($"/{other}", null, token).ConfigureAwait(false)
                    ?? throw new NearCacheException($"/{other} was deleted meanwhile"),
                cancellationToken).ConfigureAwait(false);
            return new FleetCoTenant
            {
                Path = $"/{other}",
                Product = EnsembleInspector.ProductOf(other),
                Children = stat.Select(known => Observed<int>.Of(known.ChildrenCount)),
                ChildrenChanges = stat.Select(known => Observed<int>.Of(known.ChildrenVersion)),
            };
        });
        return new FleetCoTenants { Count = foreign.Count, Names = await Task.WhenAll(looks).ConfigureAwait(false) };
    }

    private static Observed<ZNodeStat> StatOf(MultiReadResult result, string what) => result switch
    {
        { Data: { } data } => Observed<ZNodeStat>.Of(data.Stat),
        { Error: ZooKeeperErrorCode.NoNode } => Observed<ZNodeStat>.Missing($"there is no node {what}", UnknownCause.Absent),
        { Error: ZooKeeperErrorCode.NoAuth } => Observed<ZNodeStat>.Missing(
            $"not permitted: the access rights of {what} do not allow reading"),
        _ => Observed<ZNodeStat>.Missing($"{what} was not read: {result.Error}"),
    };

    // A long list is not requested: an observer does not justify a large reply.
    private static async Task<IReadOnlyList<string>> ListAsync(
        EnsembleLane lane, string path, int most, CancellationToken cancellationToken)
    {
        if (await lane.ExistsAsync(path, null, cancellationToken).ConfigureAwait(false) is not { } stat)
        {
            return [];
        }

        return stat.ChildrenCount > most
            ? throw new NearCacheException($"{path} has {stat.ChildrenCount} children, more than the {most} that are listed")
            : (await lane.GetChildrenAsync(path, cancellationToken).ConfigureAwait(false)).Names;
    }
}
