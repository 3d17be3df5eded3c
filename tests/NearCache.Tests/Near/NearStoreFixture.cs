using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Rules;
using NearCache.TestSupport;

namespace NearCache.Tests.Near;

/// <summary>A near store with a confirmed server, an active rule and a manual clock.</summary>
internal sealed class NearStoreFixture : IDisposable
{
    private readonly PerThreadCounter _hits = new();
    private readonly NearCacheMetrics _metrics = new(null);
    private readonly NearClock _clock;

    public NearStoreFixture(int entries = 1000, long bytes = 0, TimeProvider? time = null, MemoryBudget? memory = null)
    {
        _clock = new NearClock(time ?? Time);
        Store = new NearStore(entries, bytes, Epochs, _clock, time ?? Time, _hits, _metrics, memory);
        Server = new ServerGate("a", Epochs);
        Server.Restore(_clock.Now(), new long[KeyHash.Segments]);
        Rule = RuleOf(new Rule("all", new KeyPattern("*")));
    }

    public ManualTime Time { get; } = new();

    public ProcessEpochs Epochs { get; } = new();

    public NearStore Store { get; }

    public ServerGate Server { get; }

    public ActiveRule Rule { get; }

    /// <summary>Begins a fill.</summary>
    public FillToken Begin(string key) => Server.BeginFill(HashOf(key), Epochs.Ring, Rule.Generation, _clock.Now());

    /// <summary>Ends a fill.</summary>
    public bool End(in FillToken token, string key, object? value, int bytes = 0, TimeSpan? lifetime = null)
    {
        var endsAt = token.Sent.Monotonic + (long)(lifetime ?? TimeSpan.FromMinutes(1)).TotalMilliseconds;
        return Insert(Rule, token, key, value, bytes, endsAt);
    }

    /// <summary>Fills a key of another rule.</summary>
    public bool Put(ActiveRule rule, string key, object? value, int bytes = 0)
    {
        var token = Server.BeginFill(HashOf(key), Epochs.Ring, rule.Generation, _clock.Now());
        return Insert(rule, token, key, value, bytes, token.Sent.Monotonic + 60_000);
    }

    /// <summary>Creates an active rule.</summary>
    public ActiveRule RuleOf(Rule rule)
    {
        var active = new ActiveRule(rule, new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), 20), _hits);
        active.Switch(on: true);
        return active;
    }

    /// <summary>Fills a key.</summary>
    public bool Put(string key, object? value, int bytes = 0, TimeSpan? lifetime = null) => End(Begin(key), key, value, bytes, lifetime);

    /// <summary>Invalidates a key, as an announcement of a write does.</summary>
    public void Void(string key)
    {
        Epochs.Stripes.Advance(HashOf(key).Stripe(Stripes.Count));
        Store.Drop(key);
    }

    public bool Has(string key) => Store.TryGet<string>(key, out _) || Store.TryGet<int>(key, out _);

    public void Dispose()
    {
        Store.Dispose();
        _metrics.Dispose();
    }

    private bool Insert(ActiveRule rule, in FillToken token, string key, object? value, int bytes, long endsAt)
    {
        var validity = Store.ValidityOf(rule, Server, token);
        return Store.TryInsert(
            new NearEntry(key, value, bytes, validity, token.Sent.Monotonic, endsAt, CacheVersion.None), Server, token);
    }

    private static KeyHash HashOf(string key) => KeyHash.Of(Encoding.UTF8.GetBytes(key));
}
