using System.Collections.Immutable;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Near;
using NearCache.Rules;
using NearCache.TestSupport;
using NearCache.Usage;

namespace NearCache.Tests.Coherence.Registry;

/// <summary>A registry in memory, and as many processes that edit it as a test makes. Turns a manual clock while an edit waits.</summary>
internal sealed class RegistryOfTests : IRegistryStore
{
    private long _version;

    public RegistryOfTests(params RuleOptions[] rules) => Document = new RegistryDocument(RuleSet.Seed(rules), StopSet.None, []);

    public ManualTime Time { get; } = new();

    /// <summary>What is stored; as bytes, as every process reads it.</summary>
    public RegistryDocument Document
    {
        get
        {
            Assert.True(RegistryDocument.TryRead(Stored, out var document, out var why), why.Reason);
            return document;
        }

        set => Stored = value.Write();
    }

    public byte[] Stored { get; set; } = [];

    public string? CannotEditRules { get; set; }

    /// <summary>What the memcached servers carry, of which a process knows only what it has read.</summary>
    public StopSet Carried { get; set; } = StopSet.None;

    /// <summary>The names of the memcached servers that do not reply.</summary>
    public List<string> SilentServers { get; } = [];

    /// <summary>Why the registry cannot be read; null if it can.</summary>
    public string? CannotRead { get; set; }

    /// <summary>Runs once, between the next read of an edit and its write.</summary>
    public Func<Task>? BeforeNextWrite { get; set; }

    /// <summary>One more process that edits.</summary>
    public RuleRegistry Process()
    {
        var usage = new UsageReader(new UsageCounterNames("test"), _ => throw new InvalidOperationException("there is no server"), Time);
        return new RuleRegistry(this, new Known(this), usage, new NearClock(Time), Time, TimeSpan.FromSeconds(3));
    }

    /// <summary>Waits for a task, and turns the clock while it waits.</summary>
    public async Task<T> RunAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await task;
    }

    public Task<StoredRegistry> ReadAsync(CancellationToken cancellationToken) =>
        CannotRead is { } why
            ? Task.FromException<StoredRegistry>(new NearCacheException(why) { IsTransient = true })
            : Task.FromResult(new StoredRegistry(Document, _version));

    public async Task<bool> TryWriteAsync(StoredRegistry before, RegistryDocument document, CancellationToken cancellationToken)
    {
        if (BeforeNextWrite is { } first)
        {
            BeforeNextWrite = null;
            await first();
        }

        if (before.Version != _version)
        {
            return false;
        }

        _version++;
        Document = document;
        return true;
    }

    /// <summary>The rules as text, in their order and with all settings, without the revisions.</summary>
    public static string[] Texts(RegistryDocument document) =>
    [
        .. document.Set.Rules.Select(rule => System.Text.Encoding.UTF8.GetString(
            RuleSetFormat.Write(1, [rule with { Since = 1 }], [], UnknownMembers.None).Span)),
    ];

    /// <summary>The stops as text, without their ids and times.</summary>
    public static string[] StopTexts(RegistryDocument document) =>
        [.. document.Stops.Stops.Select(stop => $"{stop.Rule}|{stop.Who}|{stop.Why}|{stop.IsVerified}").Order(StringComparer.Ordinal)];

    private sealed class Known(RegistryOfTests registry) : IKnownRules
    {
        public RegistryWatch Watch { get; } = new();

        public StopSet Stops { get; private set; } = StopSet.None;

        public ValueTask<ObservedDryRun?> FindDryRunAsync(string name, CancellationToken cancellationToken) => default;

        public Task Put(Stop stop)
        {
            registry.Document = registry.Document.Stopped(StopSet.Of([stop]));
            Stops = Stops.Union(StopSet.Of([stop]));
            Watch.Changed(registry.Document.Set, registry.Document.Stops, ImmutableArray<RuleEdit>.Empty);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<string>> ReadStopsAsync(CancellationToken cancellationToken)
        {
            Stops = Stops.Union(registry.Carried);
            return Task.FromResult<IReadOnlyList<string>>(registry.SilentServers);
        }

        public void RegistryRead(RegistryDocument document)
        {
            Stops = document.Stops;
            Watch.Changed(document.Set, document.Stops, document.History);
        }
    }
}
