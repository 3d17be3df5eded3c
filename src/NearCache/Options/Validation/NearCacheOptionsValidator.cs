using System.Net;
using Microsoft.Extensions.Options;
using NearCache.Coherence.Ledger;
using NearCache.Configuration;
using NearCache.Memcached;
using NearCache.Remote;
using NearCache.Remote.Keys;
using NearCache.Rules;

namespace NearCache;

/// <summary>Reports every error in <see cref="NearCacheOptions"/> at once: the setting, its value, and the valid values.</summary>
internal sealed class NearCacheOptionsValidator : IValidateOptions<NearCacheOptions>
{
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(30);
    private static readonly TimeSpan LongestLease = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, NearCacheOptions options) => Validate(name, options, isObserver: false);

    /// <summary>Validates the settings of caches that the caller only observes: the servers of one kind suffice.</summary>
    public static ValidateOptionsResult ValidateObserved(NearCacheOptions options) => Validate(null, options, isObserver: true);

    private static ValidateOptionsResult Validate(string? name, NearCacheOptions options, bool isObserver)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new OptionsErrors(options.Source, name);
        foreach (var mistake in options.BindingErrors)
        {
            mistakes.Add(mistake);
        }

        Names(options, mistakes);
        Durations(options, mistakes);
        Factories(options, mistakes);
        Values(options, mistakes);
        Bounds(options, mistakes);
        Servers(options, mistakes, isObserver);
        OtherRemote(options, mistakes);
        Brokers(options, mistakes, isObserver);
        Ensemble(options, mistakes);
        mistakes.Require(
            options.Monitor.ChecksPerSecond is >= 0 and <= MonitorOptions.MostChecks,
            $"{nameof(options.Monitor)}:{nameof(options.Monitor.ChecksPerSecond)}",
            options.Monitor.ChecksPerSecond,
            "from 0 (no monitor) to 100");
        Reports(options, mistakes);
        Rules(options, mistakes);
        return mistakes.Build();
    }

    private static void Names(NearCacheOptions options, OptionsErrors mistakes)
    {
        mistakes.Require(
            NameSyntax.IsValid(options.Namespace),
            nameof(options.Namespace), options.Namespace, "1 to 64 letters, digits, '.', '_' and '-', and neither \".\" nor \"..\"");
        mistakes.Require(
            options.KeyPrefix is null || IsPrefix(options.KeyPrefix),
            nameof(options.KeyPrefix), options.KeyPrefix, "at most 64 visible ASCII characters without spaces, not beginning with '~'");
    }

    private static void Durations(NearCacheOptions options, OptionsErrors mistakes)
    {
        mistakes.Require(
            options.MaxStaleness >= NearCacheOptions.MinMaxStaleness && options.MaxStaleness <= TimeSpan.FromHours(1),
            nameof(options.MaxStaleness), options.MaxStaleness, "from 00:00:03 (an audit, a second for announcements, and the round "
                + "trips) to 01:00:00");
        mistakes.Require(
            options.RuleLease > TimeSpan.Zero && options.RuleLease <= LongestLease,
            nameof(options.RuleLease), options.RuleLease, "positive and at most 00:05:00");
        mistakes.Require(
            options.RuleLease > options.Memcached.OperationTimeout || options.RuleLease <= TimeSpan.Zero,
            nameof(options.RuleLease), options.RuleLease,
            $"longer than Memcached:OperationTimeout ({options.Memcached.OperationTimeout}): a writer may be that late with a view of "
                + "the rules");
        mistakes.Require(
            options.ItemLifetime >= TimeSpan.FromSeconds(1) && options.ItemLifetime <= LongestLifetime,
            nameof(options.ItemLifetime), options.ItemLifetime, "from 00:00:01 to 30.00:00:00");
        mistakes.Require(
            options.NearLifetime > TimeSpan.Zero && options.NearLifetime <= LongestLifetime,
            nameof(options.NearLifetime), options.NearLifetime, "positive and at most 30.00:00:00");
        mistakes.Require(
            options.FillLease > TimeSpan.Zero
                && options.FillLease <= LongestLease
                && options.FillLease.Ticks % TimeSpan.TicksPerSecond == 0,
            nameof(options.FillLease), options.FillLease, "whole seconds from 00:00:01 to 00:05:00");
        mistakes.Require(
            options.AuditInterval >= TimeSpan.FromMilliseconds(100) && options.AuditInterval <= options.MaxStaleness / 3,
            nameof(options.AuditInterval), options.AuditInterval, $"from 00:00:00.1 to a third of MaxStaleness ({options.MaxStaleness})");
        mistakes.Require(
            options.WarmUp >= TimeSpan.Zero && options.WarmUp <= LongestLease,
            nameof(options.WarmUp),
            options.WarmUp,
            "from 00:00:00 (not at all) to 00:05:00");
        mistakes.Require(
            options.FactoryReuse >= TimeSpan.Zero && options.FactoryReuse <= options.MaxStaleness,
            nameof(options.FactoryReuse), options.FactoryReuse, $"from 00:00:00 to MaxStaleness ({options.MaxStaleness})");
    }

    private static void Factories(NearCacheOptions options, OptionsErrors mistakes)
    {
        mistakes.Require(
            options.MaxConcurrentFactories > 0, nameof(options.MaxConcurrentFactories), options.MaxConcurrentFactories, "positive");
        mistakes.Require(
            options.FactoryTimeout is not { } hard || hard > TimeSpan.Zero,
            nameof(options.FactoryTimeout),
            options.FactoryTimeout,
            "positive, or left out");
        mistakes.Require(
            options.FactorySoftTimeout is not { } soft || (soft > TimeSpan.Zero && !(soft >= options.FactoryTimeout)),
            nameof(options.FactorySoftTimeout), options.FactorySoftTimeout, "positive and shorter than FactoryTimeout "
                + $"({options.FactoryTimeout?.ToString() ?? "none"}), or left out");
        mistakes.Require(
            options.StaleLifetime >= TimeSpan.Zero && options.StaleLifetime <= NearCacheOptions.LongestStaleLifetime,
            nameof(options.StaleLifetime), options.StaleLifetime, "from 00:00:00 (never) to 7.00:00:00");
        mistakes.Require(
            options.OnRemoteFailure != RemoteFailurePolicy.ServeStale || options.StaleLifetime != TimeSpan.Zero,
            nameof(options.StaleLifetime), options.StaleLifetime, "positive while OnRemoteFailure is ServeStale");
        mistakes.Require(options.StaleEntries > 0, nameof(options.StaleEntries), options.StaleEntries, "positive");
        mistakes.Require(
            options.EagerRefresh is >= 0 and < 1, nameof(options.EagerRefresh), options.EagerRefresh, "from 0 (never) to below 1");
        mistakes.Require(
            options.LifetimeJitter is >= 0 and <= 0.5, nameof(options.LifetimeJitter), options.LifetimeJitter, "from 0 to 0.5");
    }

    private static void Values(NearCacheOptions options, OptionsErrors mistakes)
    {
        mistakes.Require(Enum.IsDefined(options.Format), nameof(options.Format), options.Format, "Envelope, Raw or EnyimDefault");
        mistakes.Require(
            options.Format == StoredFormat.Envelope
                || options.ValueFormat is null, nameof(options.Format), options.Format, "left out where ValueFormat is set in code");
        mistakes.Require(Enum.IsDefined(options.Compression), nameof(options.Compression), options.Compression, "None, Brotli or Deflate");
        mistakes.Require(
            options.Compression == ValueCompression.None || (options.Format == StoredFormat.Envelope && options.ValueFormat is null),
            nameof(options.Compression), options.Compression, "None unless Format is Envelope: other formats cannot mark a value as "
                + "compressed");
        mistakes.Require(
            options.CompressionThreshold > 0,
            nameof(options.CompressionThreshold),
            options.CompressionThreshold,
            "positive (Compression=None compresses nothing)");
        mistakes.Require(Enum.IsDefined(options.LongKeys), nameof(options.LongKeys), options.LongKeys, "Refuse or Hash");
    }

    private static void Bounds(NearCacheOptions options, OptionsErrors mistakes)
    {
        mistakes.Require(options.NearEntries > 0, nameof(options.NearEntries), options.NearEntries, "positive");
        mistakes.Require(options.NearBytes >= 0, nameof(options.NearBytes), options.NearBytes, "positive, or 0 for no bound");
        mistakes.Require(
            double.IsFinite(options.MaxWritesPerSecond) && options.MaxWritesPerSecond > 0,
            nameof(options.MaxWritesPerSecond), options.MaxWritesPerSecond, "positive (ChurnBreaker=false switches the breaker off)");
        mistakes.Require(
            options.MaxFleetWritesPerSecond is null or (> 0 and < double.PositiveInfinity),
            nameof(options.MaxFleetWritesPerSecond), options.MaxFleetWritesPerSecond, "positive, or left out for half of "
                + "Budgets:AnnouncementsPerNamespace");
        mistakes.Require(
            Enum.IsDefined(options.OnRemoteFailure), nameof(options.OnRemoteFailure), options.OnRemoteFailure, "Miss, Throw or ServeStale");

        var budgets = options.Budgets;
        Budget(nameof(budgets.AnnouncementsPerProcess), budgets.AnnouncementsPerProcess, 1_000);
        Budget(nameof(budgets.AnnouncementsPerNamespace), budgets.AnnouncementsPerNamespace, 1_000);
        Budget(nameof(budgets.Deliveries), budgets.Deliveries, 50_000);
        Budget(nameof(budgets.MessagesPerProcess), budgets.MessagesPerProcess, 1_000);
        Budget(nameof(budgets.MessagesPerNamespace), budgets.MessagesPerNamespace, 10_000);

        void Budget(string setting, double value, int most) => mistakes.Require(
            value > 0
                && value <= most, $"{nameof(options.Budgets)}:{setting}", value, $"above 0 and at most {most} a second, so that no "
                    + "setting can load the ensemble or a broker");
    }

    private static void Servers(NearCacheOptions options, OptionsErrors mistakes, bool isObserver)
    {
        var memcached = options.Memcached;
        foreach (var mistake in memcached.Servers is { Count: > 0 } ? MemcachedOptionsValidator.Validate(memcached) : [])
        {
            mistakes.Add($"{nameof(options.Memcached)}:{mistake}");
        }

        foreach (var mistake in string.IsNullOrEmpty(options.ZooKeeper.ConnectionString) ? [] : options.ZooKeeper.FindMistakes())
        {
            mistakes.Add($"{nameof(options.ZooKeeper)}:{mistake}");
        }

        if (isObserver)
        {
            if (string.IsNullOrEmpty(options.ZooKeeper.ConnectionString) && memcached.Servers is not { Count: > 0 })
            {
                mistakes.Add("Memcached:Servers and ZooKeeper:ConnectionString are empty, but caches are observed on their servers: pass "
                    + "the settings of the caches.");
            }
        }
        else if (!string.IsNullOrEmpty(options.ZooKeeper.ConnectionString)
            && memcached.Servers is not { Count: > 0 }
            && !options.HasOtherRemote)
        {
            mistakes.Add("ZooKeeper:ConnectionString is set, but Memcached:Servers is empty: ZooKeeper announces changes of a remote, "
                + "so name the memcached servers, call UseDistributedCache, or name no ZooKeeper.");
        }
    }

    private static void OtherRemote(NearCacheOptions options, OptionsErrors mistakes)
    {
        if (options.DistributedCache is not { } cache)
        {
            return;
        }

        if (cache is INearCacheAdapter)
        {
            mistakes.Add($"{nameof(options.DistributedCache)} is a NearDistributedCache, but must be another vendor's: a NearCache has "
                + "one remote, and is none.");
        }

        if (options.Memcached.Servers is { Count: > 0 } servers)
        {
            mistakes.Add($"{nameof(options.DistributedCache)} is set, and so is Memcached:Servers ({string.Join(", ", servers)}): a "
                + "cache has one remote, so leave one of them out.");
        }

        if (options.Rules.Count > 0 && string.IsNullOrEmpty(options.ZooKeeper.ConnectionString))
        {
            mistakes.Add($"{nameof(options.Rules)} has {options.Rules.Count}, and {nameof(options.DistributedCache)} is set without "
                + "ZooKeeper:ConnectionString: an IDistributedCache cannot report changes, "
                + "so nothing could be near. Name a ZooKeeper, or no rules.");
        }

        const string NeedsMemcached = "left out with UseDistributedCache: only memcached can";
        mistakes.Require(
            options.EagerRefresh == 0,
            nameof(options.EagerRefresh),
            options.EagerRefresh,
            $"{NeedsMemcached} notify one process shortly before an item expires");
        mistakes.Require(
            options.Format == StoredFormat.Envelope,
            nameof(options.Format),
            options.Format,
            $"{NeedsMemcached} be shared with other memcached clients");
    }

    // Over a remote without counters the slots prove that nothing was missed, which no broker can.
    private static void Brokers(NearCacheOptions options, OptionsErrors mistakes, bool isObserver)
    {
        if (options.Brokers is not [var broker, ..] || isObserver)
        {
            return;
        }

        if (options.DistributedCache is not null && string.IsNullOrEmpty(options.ZooKeeper.ConnectionString))
        {
            mistakes.Add($"ZooKeeper:ConnectionString is empty, but {broker.Name} is to carry announcements over an "
                + $"{nameof(options.DistributedCache)}, which cannot count writes: only the slots in ZooKeeper confirm its near values. "
                + $"Name a ZooKeeper, beside which {broker.Name} may carry announcements too, or leave {broker.Name} out.");
        }

        if (options.DistributedCache is null && options.Memcached.Servers is not { Count: > 0 })
        {
            mistakes.Add($"Memcached:Servers is empty, but {broker.Name} is to carry announcements: an embedded remote is of one process, "
                + $"so name the memcached servers, or leave {broker.Name} out.");
        }

        foreach (var twice in options.Brokers.GroupBy(one => one.Name).Where(same => same.Count() > 1))
        {
            mistakes.Add($"{twice.Key} carries announcements {twice.Count()} times: configure it once for a cache.");
        }
    }

    private static void Ensemble(NearCacheOptions options, OptionsErrors mistakes)
    {
        var ensemble = options.Ensemble;
        const string Path = nameof(options.Ensemble);
        mistakes.Require(
            ensemble.WarnAboveNamespaces >= 0,
            $"{Path}:{nameof(ensemble.WarnAboveNamespaces)}",
            ensemble.WarnAboveNamespaces,
            "positive, or 0 for no warning");
        mistakes.Require(
            ensemble.QuotaZNodes == 0 || ensemble.QuotaZNodes >= EnsembleOptions.MinZNodes,
            $"{Path}:{nameof(ensemble.QuotaZNodes)}", ensemble.QuotaZNodes, $"at least {EnsembleOptions.MinZNodes} (13, and one a "
                + "process), or 0 for none");
        mistakes.Require(
            ensemble.QuotaBytes == 0 || ensemble.QuotaBytes >= EnsembleOptions.MinBytes,
            $"{Path}:{nameof(ensemble.QuotaBytes)}", ensemble.QuotaBytes, $"at least {EnsembleOptions.MinBytes} (the rules, the slots, "
                + "and about 200 a process), or 0 for none");
        foreach (var mistake in AclParser.FindErrors(ensemble.Acl, AclParser.HasIdentity(options.ZooKeeper)))
        {
            mistakes.Add($"{Path}:{nameof(ensemble.Acl)}{mistake}");
        }
    }

    private static void Reports(NearCacheOptions options, OptionsErrors mistakes)
    {
        var reports = options.Reports;
        mistakes.Require(
            reports.Interval >= ReportOptions.ShortestInterval && reports.Interval <= ReportOptions.LongestInterval,
            $"{nameof(options.Reports)}:{nameof(reports.Interval)}", reports.Interval, "from 00:00:01 to 00:00:15");
        mistakes.Require(
            Enum.IsDefined(reports.Keys), $"{nameof(options.Reports)}:{nameof(reports.Keys)}", reports.Keys, "Hashed, Plain or None");
        Name(nameof(reports.PodName), reports.PodName);
        Name(nameof(reports.NodeName), reports.NodeName);
        mistakes.Require(
            reports.NodeAddress is null || IPAddress.TryParse(reports.NodeAddress, out _),
            $"{nameof(options.Reports)}:{nameof(reports.NodeAddress)}", reports.NodeAddress, "an IP address, or left out");

        void Name(string setting, string? value) => mistakes.Require(
            value is null or { Length: > 0 and <= ReportOptions.LongestName } && value?.Any(char.IsControl) != true,
            $"{nameof(options.Reports)}:{setting}", value, $"1 to {ReportOptions.LongestName} characters without control characters, or "
                + "left out");
    }

    private static void Rules(NearCacheOptions options, OptionsErrors mistakes)
    {
        if (options.Rules.Contains(null!))
        {
            mistakes.Add($"{nameof(options.Rules)} holds a null, but must hold rules alone.");
            return;
        }

        foreach (var mistake in RuleSetMistakes.Of([.. options.Rules.Select(Rule.From)], index => $"{nameof(options.Rules)}:{index}"))
        {
            mistakes.Add(mistake);
        }

        var keys = new PhysicalKeys(
            "",
            options.KeyPrefix is null && NameSyntax.IsValid(options.Namespace)
                ? NamespacePrefix.DefaultOf(options.Namespace)
                : IsPrefix(options.KeyPrefix)
                ? options.KeyPrefix!
                : "",
            options.LongKeys);
        for (var i = 0; i < options.Rules.Count; i++)
        {
            foreach (var key in options.Rules[i].Preload.Where(key => !IsKey(keys, key)))
            {
                mistakes.Require(
                    false,
                    $"{nameof(options.Rules)}:{i}:{nameof(RuleOptions.Preload)}",
                    key,
                    "a key: without spaces and control characters, and with KeyPrefix at most 250 bytes (or LongKeys=Hash)");
            }

            mistakes.Require(
                options.Rules[i].MaxStaleness is not { } staleness || staleness <= options.MaxStaleness,
                $"{nameof(options.Rules)}:{i}:{nameof(RuleOptions.MaxStaleness)}",
                options.Rules[i].MaxStaleness,
                $"at most the MaxStaleness of the cache ({options.MaxStaleness})");
        }

        if (RuleSet.Seed(options.Rules).Content.Length is > RuleSet.MaxBytes and var bytes)
        {
            mistakes.Add($"{nameof(options.Rules)} take {bytes} bytes as a set, but may take {RuleSet.MaxBytes}: use fewer rules or "
                + "fewer preload keys.");
        }
    }

    private static bool IsPrefix(string? prefix) =>
        prefix is { Length: <= 64 } && !prefix.StartsWith('~') && prefix.All(letter => letter is > ' ' and <= '~');

    private static bool IsKey(PhysicalKeys keys, string key)
    {
        try
        {
            keys.OfUser(keys.NameOf(key));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
