using System.Collections.Immutable;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>Keeps the rules of this process: told by the registry, by every server and by the configuration, and carried to every server. Reads and writes ask <see cref="RuleDecisions"/>.</summary>
internal sealed class RulesDriver : IServerRules, IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards changes of the book; servers' locks are taken inside it, never the other way
    private readonly RuleBook _book;
    private readonly ConfiguredRules _configured;
    private readonly HashSet<string> _unreadable = [];
    private readonly StopsUnderway _underway = new();
    private ImmutableArray<RuleEdit> _history = [];
    private long _highestSeen;
    private volatile CompiledSet _carried = new(RuleSet.Empty, CarriedSet.None);
    private volatile ServerRules[] _servers = [];   // replaced, never changed
    private CoherenceContext? _context;
    private RuleLeaseTimes _times;

    /// <param name="book">Owned from now on.</param>
    /// <param name="configured">The rules of the configuration. Until a registry or a server shows a set, or has none, no rule is in force.</param>
    public RulesDriver(RuleBook book, ConfiguredRules configured)
    {
        _book = book;
        _configured = configured;
    }

    /// <summary>The revision that is applied.</summary>
    public long Revision => _book.Applied.Revision;

    /// <summary>The rules at work, also those that are stopped.</summary>
    public IReadOnlyCollection<ActiveRule> Active => _book.Matcher.Rules;

    /// <summary>Those, and the dry runs.</summary>
    public IReadOnlyCollection<ActiveRule> Counted => _book.Tried is { } tried ? [.. _book.Matcher.Rules, .. tried.Rules] : _book.Matcher.Rules;

    /// <summary>The stops that count here.</summary>
    public StopSet Stops => _book.Stops;

    /// <summary>For those who look at rules and stops, or wait for changes.</summary>
    public RegistryWatch Watch { get; } = new();

    /// <summary>Told when other stops count than before, and whether this process has put one itself. Set before anything is started.</summary>
    public Action<bool>? StopsChanged { get; set; }

    /// <summary>What this process knows, as a registry would hold it.</summary>
    public RegistryDocument Document
    {
        get
        {
            lock (_lock)
            {
                return new RegistryDocument(_book.Applied, _book.Stops, _history);
            }
        }
    }

    /// <summary>Whether every set that was found can be read here.</summary>
    public bool AreReadable => !_book.IsUnreadable;

    private CoherenceContext Context => _context ?? throw new InvalidOperationException("Not started.");

    /// <summary>Begins to look after the rules on these servers.</summary>
    public void Start(CoherenceContext context, IEnumerable<ServerDriver> servers, RuleLeaseTimes times)
    {
        (_context, _times) = (context, times);
        _servers = [.. servers.Select(server => New(server, CarriedSet.None))];
        foreach (var rules in _servers)
        {
            rules.Start();
        }
    }

    /// <summary>Looks after the rules on one more server.</summary>
    public void Add(ServerDriver server)
    {
        ServerRules rules;
        lock (_lock)
        {
            rules = New(server, Carry(_book.Applied));
            rules.BumpEverything(_unreadable.Count > 0);
            _servers = [.. _servers, rules];
        }

        rules.Start();
    }

    /// <summary>Looks no longer after the rules on a server that the cache does not use any more.</summary>
    public async Task RemoveAsync(ServerDriver server)
    {
        lock (_lock)
        {
            _servers = [.. _servers.Where(rules => rules != server.Rules)];
        }

        await server.Rules.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            // What could not be read there matters to nobody here now.
            Readable(server.Server.Name);
        }
    }

    /// <inheritdoc/>
    public bool Observe(ServerDriver server, in MetaResponse rules, in Moment sent, in Moment received) => server.Rules.Observe(rules, sent, received);

    /// <inheritdoc/>
    public void CountersLost(ServerDriver server) => server.Rules.CountersLost();

    /// <summary>What counts where a rule does not say has changed.</summary>
    public void Reload(RuleDefaults defaults)
    {
        lock (_lock)
        {
            _book.Reload(defaults);
        }
    }

    /// <summary>The configuration was loaded again, and has no mistake by itself. Where there is no registry, its rules are in force when this returns, or as soon as a server was looked at.</summary>
    public void Configure(IEnumerable<RuleOptions> rules)
    {
        lock (_lock)
        {
            if (!_configured.Change(rules))
            {
                return;
            }

            if (_configured.HasRegistry)
            {
                Context.Logger.RulesAreTheRegistrys(_book.Applied.Revision);
            }
            else if (_book.Applied.Revision > 0)
            {
                ApplyConfigured();
            }
        }
    }

    /// <summary>What a registry that does not exist yet begins with: the configured rules, newer than any set on any server that can be asked.</summary>
    public async Task<RegistryDocument> SeedAsync(TimeSpan limit)
    {
        await Task.WhenAll(_servers.Select(server => server.FirstLook)).WaitAsync(limit, Context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            return new RegistryDocument(_configured.Seed(_highestSeen + 1), StopSet.None, []);
        }
    }

    /// <summary>The registry holds this.</summary>
    public void RegistryRead(RegistryDocument document)
    {
        lock (_lock)
        {
            Readable("the registry");
            if (document.Set.Revision < _book.Applied.Revision && _book.Applied.Revision > 1)
            {
                Context.Logger.RulesAhead("A memcached server", _book.Applied.Revision, document.Set.Revision);
            }
            else
            {
                _history = document.History;
                Apply(document.Set);
            }

            _underway.FoundOutside(document.Stops);
            Stop(document.Stops);
        }
    }

    /// <summary>Puts an edited set in force that follows this one, where there is no registry.</summary>
    /// <returns>False: another one is in force by now.</returns>
    public bool TryReplace(long revision, RegistryDocument document)
    {
        lock (_lock)
        {
            if (_book.Applied.Revision != revision)
            {
                return false;
            }

            RegistryRead(document);
            return true;
        }
    }

    /// <summary>What the registry should hold: this document with the stops that it lacks. Null: it lacks none.</summary>
    public RegistryDocument? Completed(RegistryDocument document)
    {
        var full = document.Stopped(Stops);
        return full.Stops.Equals(document.Stops) ? null : full;
    }

    /// <summary>Puts a stop: it counts here when this returns, and everything outside is told without delay.</summary>
    /// <returns>Completes when a memcached server or the registry has it.</returns>
    /// <exception cref="NearCacheException">There are too many stops already.</exception>
    public Task Put(Stop stop)
    {
        var told = _underway.Add(stop.Id);
        lock (_lock)
        {
            Stop(StopSet.Of([stop]), isOwn: true);
            if (!_book.Stops.Stops.Contains(stop))
            {
                throw new NearCacheException($"There are {StopSet.Most} stops already, and no more are kept: clear those that are over.");
            }
        }

        Context.Logger.Stopped(stop.Rule ?? "everything", stop.Who, stop.Why, stop.Id);
        if (!Context.IsShared)
        {
            _underway.FoundOutside(Stops);
        }

        return told;
    }

    /// <summary>The registry holds something that cannot be read here.</summary>
    public void RegistryUnreadable(Unreadable why)
    {
        lock (_lock)
        {
            Unreadable("the registry", why);
        }
    }

    /// <summary>A server's item was read: the stops in it are merged into those that this process knows, then the leases are told, then what that means is done.</summary>
    /// <remarks>In one piece, so that no stop can come between the comparison with the item and its use.</remarks>
    /// <param name="server">The server.</param>
    /// <param name="item">Its answer.</param>
    /// <param name="tell">Tells the server's leases.</param>
    /// <returns>False: the server could not say.</returns>
    public bool Receive(string server, in MetaResponse item, Func<RulesReading, RulesNews> tell)
    {
        if (RuleTranslation.Read(item, server, Carry) is not { } found)
        {
            return false;
        }

        lock (_lock)
        {
            _highestSeen = Math.Max(_highestSeen, found.Set?.Revision ?? 0);
            Stop(found.Stops);
            Found(server, found, tell(found.Against(_book.Stops)));
        }

        if (Context.HasCounters)
        {
            _underway.FoundOutside(found.Stops);
        }

        return true;
    }

    private void Found(string server, RulesAsRead found, RulesNews news)
    {
        if (found.Reading.Found == RulesFound.Unreadable)
        {
            Unreadable(server, found.Why);
            return;
        }

        Readable(server);
        if (news.Newer is not null && found.Set is { } newer)
        {
            Apply(newer);
        }
        else if (news.Conflicts && _configured.HasRegistry)
        {
            Context.Logger.RulesAhead(server, found.Set!.Revision, _book.Applied.Revision);
        }
        else if (news.Conflicts)
        {
            Context.Logger.RulesDisagree(server, _book.Applied.Revision);
            Apply(RuleSet.Agreed(found.Set!, _book.Applied));
        }

        ApplyConfigured();
    }

    /// <summary>The item that this process would write.</summary>
    public RulesItem ItemToWrite(in RulesStep step)
    {
        lock (_lock)
        {
            return RuleTranslation.Write(step, _book.Applied, _book.Stops);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Watch.End();
        foreach (var server in _servers)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    // Servers carry the same set mostly: it is compiled once.
    private CarriedSet Carry(RuleSet set)
    {
        var last = _carried;
        if (last.Set.IsSame(set))
        {
            return last.Carried;
        }

        var carried = RuleTranslation.Carry(set, _book.AsMatched);
        _carried = new CompiledSet(set, carried);
        return carried;
    }

    private ServerRules New(ServerDriver server, CarriedSet applied) => server.Rules = new ServerRules(server, this, Context, _times, applied);

    private void Apply(RuleSet set)
    {
        if (set.IsSame(_book.Applied))
        {
            return;
        }

        _book.Apply(set);
        foreach (var tried in _book.Tried?.Rules ?? [])
        {
            tried.DryRun!.Began ??= Context.Clock.Monotonic();
        }

        var carried = Carry(set);
        foreach (var server in _servers)
        {
            server.Apply(carried);
        }

        Watch.Changed(_book.Applied, _book.Stops, _history);
        Context.Logger.RulesApplied(set.Revision, set.Rules.Length);
    }

    private void ApplyConfigured()
    {
        if (_configured.Next(_book.Applied) is not { } next)
        {
            return;
        }

        // The rules alone are right. With what the set in force holds besides, such as the stops that it has cleared, they may be too many.
        var mistakes = RuleSetMistakes.Of(next);
        if (mistakes is [])
        {
            Apply(next);
        }
        else
        {
            Context.Logger.ConfiguredRulesRefused(_book.Applied.Revision, string.Join(' ', mistakes));
        }
    }

    private void Stop(StopSet stops, bool isOwn = false)
    {
        var before = _book.Stops;
        _book.Merge(stops);
        if (before.Equals(_book.Stops))
        {
            return;
        }

        foreach (var server in _servers)
        {
            server.StopsChanged(isUrgent: isOwn);
        }

        StopsChanged?.Invoke(isOwn);
        Watch.Changed(_book.Applied, _book.Stops, _history);
        foreach (var stop in isOwn ? [] : _book.Stops.Stops.Except(before.Stops))
        {
            Context.Logger.Stopped(stop.Rule ?? "everything", stop.Who, stop.Why, stop.Id);
        }
    }

    private void Unreadable(string source, Unreadable why)
    {
        if (_unreadable.Add(source))
        {
            Context.Logger.RulesUnreadable(source, why.Reason);
            _book.BecameUnreadable();
            BumpEverything(true);
        }
    }

    private void Readable(string source)
    {
        if (_unreadable.Remove(source) && _unreadable.Count == 0)
        {
            _book.BecameReadable();
            BumpEverything(false);
        }
    }

    private void BumpEverything(bool value)
    {
        foreach (var server in _servers)
        {
            server.BumpEverything(value);
        }
    }

    private sealed record CompiledSet(RuleSet Set, CarriedSet Carried);
}
