using Microsoft.Extensions.Configuration;
using NearCache.Configuration;

namespace NearCache;

/// <summary>Reads <see cref="NearCacheOptions"/> from a configuration section. Errors are kept for the validator.</summary>
internal static class NearCacheConfiguration
{
    // With this many unknown names, the whole configuration was passed instead of a section.
    private const int FewUnknown = 10;

    /// <summary>Sets what the section specifies, and leaves the rest unchanged.</summary>
    public static void Read(IConfiguration section, NearCacheOptions options)
    {
        options.Source = (section as IConfigurationSection)?.Path ?? "";
        var reader = new SettingsReader(section, "", options.BindingErrors);
        reader.Text(nameof(options.Namespace), value => options.Namespace = value);
        reader.Text(nameof(options.KeyPrefix), value => options.KeyPrefix = value);
        reader.Duration(nameof(options.MaxStaleness), value => options.MaxStaleness = value);
        reader.Duration(nameof(options.RuleLease), value => options.RuleLease = value);
        reader.Duration(nameof(options.ItemLifetime), value => options.ItemLifetime = value);
        reader.Duration(nameof(options.NearLifetime), value => options.NearLifetime = value);
        reader.Number(nameof(options.NearEntries), value => options.NearEntries = value);
        reader.LargeNumber(nameof(options.NearBytes), value => options.NearBytes = value);
        reader.Duration(nameof(options.FillLease), value => options.FillLease = value);
        reader.Choice<StoredFormat>(nameof(options.Format), value => options.Format = value);
        reader.Choice<ValueCompression>(nameof(options.Compression), value => options.Compression = value);
        reader.Number(nameof(options.CompressionThreshold), value => options.CompressionThreshold = value);
        reader.Choice<LongKeyPolicy>(nameof(options.LongKeys), value => options.LongKeys = value);
        reader.Switch(nameof(options.UseLeases), value => options.UseLeases = value);
        reader.Duration(nameof(options.AuditInterval), value => options.AuditInterval = value);
        reader.Choice<RemoteFailurePolicy>(nameof(options.OnRemoteFailure), value => options.OnRemoteFailure = value);
        reader.Duration(nameof(options.WarmUp), value => options.WarmUp = value);
        reader.Switch(nameof(options.AllowEmbedded), value => options.AllowEmbedded = value);
        reader.Number(nameof(options.MaxConcurrentFactories), value => options.MaxConcurrentFactories = value);
        reader.Duration(nameof(options.FactoryReuse), value => options.FactoryReuse = value);
        reader.Duration(nameof(options.FactorySoftTimeout), value => options.FactorySoftTimeout = value);
        reader.Duration(nameof(options.FactoryTimeout), value => options.FactoryTimeout = value);
        reader.Duration(nameof(options.StaleLifetime), value => options.StaleLifetime = value);
        reader.Number(nameof(options.StaleEntries), value => options.StaleEntries = value);
        reader.Fraction(nameof(options.EagerRefresh), value => options.EagerRefresh = value);
        reader.Fraction(nameof(options.LifetimeJitter), value => options.LifetimeJitter = value);
        reader.Switch(nameof(options.ChurnBreaker), value => options.ChurnBreaker = value);
        reader.Switch(nameof(options.EveryAddressIsAServer), value => options.EveryAddressIsAServer = value);
        reader.Fraction(nameof(options.MaxWritesPerSecond), value => options.MaxWritesPerSecond = value);
        reader.Fraction(nameof(options.MaxFleetWritesPerSecond), value => options.MaxFleetWritesPerSecond = value);
        reader.Section(nameof(options.Budgets), inner => Read(inner, options.Budgets));
        reader.Section(nameof(options.Ensemble), inner => Read(inner, options.Ensemble));
        reader.Section(nameof(options.Monitor), inner => Read(inner, options.Monitor));
        reader.Section(nameof(options.Reports), inner => Read(inner, options.Reports));
        reader.Section(nameof(options.Memcached), inner => ClientConfiguration.Read(inner, options.Memcached));
        reader.Section(nameof(options.ZooKeeper), inner => ClientConfiguration.Read(inner, options.ZooKeeper));
        reader.Sections<RuleOptions>(nameof(options.Rules), options.Rules, Read);
        if (section is IConfigurationRoot
            && reader.Unknown() is { Count: > 0 } unknown
            && FindIntendedSection(section, unknown, reader.Known) is { } meant)
        {
            // One error, rather than one for each environment variable.
            options.BindingErrors.Clear();
            options.BindingErrors.Add(
                $"AddNearCache was given the whole configuration, of which {unknown.Count} entries are no settings of NearCache, and not "
                    + $"a section of it: pass configuration.GetSection(\"{meant}\").");
            return;
        }

        reader.Finish();
    }

    // Returns the section that was probably meant when the root was passed: the one that holds settings. Returns null if the root is meant
    // and a name in it is misspelled.
    private static string? FindIntendedSection(IConfiguration root, IReadOnlyList<string> unknown, IReadOnlyList<string> known)
    {
        int SettingsIn(string name) => root.GetSection(name)
            .GetChildren()
            .Count(child => known.Contains(child.Key, StringComparer.OrdinalIgnoreCase));
        var best = unknown.MaxBy(name => SettingsIn(name) + (name.Equals("NearCache", StringComparison.OrdinalIgnoreCase) ? 1000 : 0))!;
        return SettingsIn(best) > 0 || best.Equals("NearCache", StringComparison.OrdinalIgnoreCase)
            ? best
            : unknown.Count >= FewUnknown
            ? "NearCache"
            : null;
    }

    private static void Read(SettingsReader reader, BudgetOptions options)
    {
        reader.Fraction(nameof(options.AnnouncementsPerProcess), value => options.AnnouncementsPerProcess = value);
        reader.Fraction(nameof(options.AnnouncementsPerNamespace), value => options.AnnouncementsPerNamespace = value);
        reader.Fraction(nameof(options.Deliveries), value => options.Deliveries = value);
        reader.Fraction(nameof(options.MessagesPerProcess), value => options.MessagesPerProcess = value);
        reader.Fraction(nameof(options.MessagesPerNamespace), value => options.MessagesPerNamespace = value);
    }

    private static void Read(SettingsReader reader, EnsembleOptions options)
    {
        reader.Switch(nameof(options.LookForNeighbours), value => options.LookForNeighbours = value);
        reader.Number(nameof(options.WarnAboveNamespaces), value => options.WarnAboveNamespaces = value);
        reader.Texts(nameof(options.Acl), options.Acl);
        reader.Number(nameof(options.QuotaZNodes), value => options.QuotaZNodes = value);
        reader.LargeNumber(nameof(options.QuotaBytes), value => options.QuotaBytes = value);
        reader.Switch(nameof(options.AnnounceBesideBroker), value => options.AnnounceBesideBroker = value);
    }

    private static void Read(SettingsReader reader, MonitorOptions options)
    {
        reader.Fraction(nameof(options.ChecksPerSecond), value => options.ChecksPerSecond = value);
        reader.Switch(nameof(options.StopOnViolations), value => options.StopOnViolations = value);
    }

    private static void Read(SettingsReader reader, ReportOptions options)
    {
        reader.Switch(nameof(options.Enabled), value => options.Enabled = value);
        reader.Duration(nameof(options.Interval), value => options.Interval = value);
        reader.Choice<KeyVisibility>(nameof(options.Keys), value => options.Keys = value);
        reader.Text(nameof(options.PodName), value => options.PodName = value);
        reader.Text(nameof(options.NodeName), value => options.NodeName = value);
        reader.Text(nameof(options.NodeAddress), value => options.NodeAddress = value);
    }

    private static void Read(SettingsReader reader, RuleOptions options)
    {
        reader.Text(nameof(options.Name), value => options.Name = value);
        reader.Text(nameof(options.Match), value => options.Match = value);
        reader.Duration(nameof(options.NearLifetime), value => options.NearLifetime = value);
        reader.Duration(nameof(options.MaxStaleness), value => options.MaxStaleness = value);
        reader.Duration(nameof(options.MissLifetime), value => options.MissLifetime = value);
        reader.Texts(nameof(options.Preload), options.Preload);
        reader.Fraction(nameof(options.MaxWritesPerSecond), value => options.MaxWritesPerSecond = value);
        reader.Fraction(nameof(options.MaxFleetWritesPerSecond), value => options.MaxFleetWritesPerSecond = value);
        reader.Number(nameof(options.MaxEntries), value => options.MaxEntries = value);
        reader.LargeNumber(nameof(options.MaxBytes), value => options.MaxBytes = value);
        reader.Choice<InvalidationPolicy>(nameof(options.OnInvalidate), value => options.OnInvalidate = value);
        reader.Switch(nameof(options.ShareValues), value => options.ShareValues = value);
        reader.Switch(nameof(options.Enabled), value => options.Enabled = value);
        reader.Switch(nameof(options.DryRun), value => options.DryRun = value);
    }
}
