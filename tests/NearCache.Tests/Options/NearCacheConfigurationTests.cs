using System.Text;
using Microsoft.Extensions.Configuration;

namespace NearCache.Tests.Options;

public sealed class NearCacheConfigurationTests
{
    [Fact]
    public void Every_kind_of_setting_is_read()
    {
        var options = Read("""
            {
              "Namespace": "shop", "MaxStaleness": "00:00:08", "NearEntries": 500, "NearBytes": 5000000000,
              "AllowEmbedded": true, "OnRemoteFailure": "throw", "EveryAddressIsAServer": true,
              "FactorySoftTimeout": "00:00:00.2", "FactoryTimeout": "00:00:10", "StaleLifetime": "00:30:00", "StaleEntries": 7,
              "EagerRefresh": 0.75, "LifetimeJitter": 0.2,
              "Compression": "Deflate", "CompressionThreshold": 1000, "LongKeys": "Hash",
              "MaxWritesPerSecond": 2.5, "Budgets": { "AnnouncementsPerProcess": 3 },
              "Ensemble": { "LookForNeighbours": false, "Acl": [ "auth::cdrwa", "world:anyone:r" ],
                "QuotaZNodes": 200, "QuotaBytes": 500000 },
              "Memcached": { "Servers": [ "a:1", "b:2" ], "OperationTimeout": "00:00:00.5" },
              "ZooKeeper": { "ConnectionString": "zk:2181/app", "SessionTimeout": "00:00:20",
                "Authentications": [ { "Scheme": "digest", "Credentials": "u:p" } ],
                "Sasl": { "User": "u", "Password": "p" }, "Tls": true },
              "Rules": [
                { "Name": "products", "Match": "product:*", "NearLifetime": "00:05:00", "MissLifetime": "00:00:10",
                  "Preload": [ "product:1" ], "OnInvalidate": "Refresh" },
                { "Name": "site", "Match": "site", "Enabled": false, "DryRun": true }
              ]
            }
            """);

        Assert.Empty(options.BindingErrors);
        Assert.Equal("shop", options.Namespace);
        Assert.Equal([false, true], options.Rules.Select(rule => rule.DryRun));
        Assert.Equal(
            (false, 200, 500_000), (options.Ensemble.LookForNeighbours, options.Ensemble.QuotaZNodes, options.Ensemble.QuotaBytes));
        Assert.Equal(["auth::cdrwa", "world:anyone:r"], options.Ensemble.Acl);
        Assert.Equal(TimeSpan.FromSeconds(8), options.MaxStaleness);
        Assert.Equal(500, options.NearEntries);
        Assert.Equal(5_000_000_000, options.NearBytes);
        Assert.True(options.AllowEmbedded);
        Assert.True(options.EveryAddressIsAServer);
        Assert.Equal(RemoteFailurePolicy.Throw, options.OnRemoteFailure);
        Assert.Equal(2.5, options.MaxWritesPerSecond);
        Assert.Equal((TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10)), (options.FactorySoftTimeout, options.FactoryTimeout));
        Assert.Equal((TimeSpan.FromMinutes(30), 7), (options.StaleLifetime, options.StaleEntries));
        Assert.Equal((0.75, 0.2), (options.EagerRefresh, options.LifetimeJitter));
        Assert.Equal(
            (ValueCompression.Deflate, 1000, LongKeyPolicy.Hash), (options.Compression, options.CompressionThreshold, options.LongKeys));
        Assert.Equal(TimeSpan.FromSeconds(10), options.Rules[0].MissLifetime);
        Assert.Equal(3, options.Budgets.AnnouncementsPerProcess);
        Assert.Equal(["a:1", "b:2"], options.Memcached.Servers);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.Memcached.OperationTimeout);
        Assert.Equal("zk:2181/app", options.ZooKeeper.ConnectionString);
        Assert.Equal(TimeSpan.FromSeconds(20), options.ZooKeeper.SessionTimeout);
        Assert.Equal("digest", Assert.Single(options.ZooKeeper.Authentications).Scheme);
        Assert.Equal("u", options.ZooKeeper.Sasl!.User);
        Assert.NotNull(options.ZooKeeper.Tls);
        Assert.Null(options.Memcached.Tls);
        Assert.Equal(["products", "site"], options.Rules.Select(rule => rule.Name));
        Assert.Equal(TimeSpan.FromMinutes(5), options.Rules[0].NearLifetime);
        Assert.Equal(["product:1"], options.Rules[0].Preload);
        Assert.Equal(InvalidationPolicy.Refresh, options.Rules[0].OnInvalidate);
        Assert.False(options.Rules[1].Enabled);
    }

    [Fact]
    public void What_is_not_said_keeps_its_default()
    {
        var options = Read("{}");

        Assert.Empty(options.BindingErrors);
        Assert.Equal(TimeSpan.FromSeconds(5), options.MaxStaleness);
        Assert.Empty(options.Rules);
    }

    [Fact]
    public void Names_are_found_whatever_their_case()
    {
        var options = Read("""{ "MAXSTALENESS": "00:00:09", "memcached": { "servers": [ "a:1" ] } }""");

        Assert.Empty(options.BindingErrors);
        Assert.Equal(TimeSpan.FromSeconds(9), options.MaxStaleness);
        Assert.Equal(["a:1"], options.Memcached.Servers);
    }

    [Fact]
    public void Unknown_names_and_unreadable_values_are_reported_together_with_what_was_probably_meant()
    {
        var options = Read("""
            {
              "MaxStalenes": "00:00:08", "NearLifetime": "60", "NearEntries": "many", "Memcached": { "Server": "a:1", "Qx": 1 },
              "Rules": [ { "Nmae": "products", "OnInvalidate": 1, "NearLifetime": { "Minutes": 5 } } ], "ZooKeeper": "zk:2181"
            }
            """);

        Assert.Equal(
            [
                "MaxStalenes is not a setting. Did you mean MaxStaleness?",
                "Memcached:Qx is not a setting. Known here: Servers, ConnectionsPerServer, ConnectTimeout, OperationTimeout, "
                    + "StallTimeout, ReconnectDelay, MaxReconnectDelay, ReconnectJitter, KeepAlive, MaxInFlightCommands, "
                    + "MaxInFlightBytes, OverloadPolicy, MaxValueBytes, Tls, UserName, Password, Distribution, VerifyReplies.",
                "Memcached:Server is not a setting. Did you mean Memcached:Servers?",
                "NearEntries is \"many\", but must be a whole number.",
                "NearLifetime is \"60\", but must be a duration written hh:mm:ss, such as 00:00:05.",
                "Rules:0:NearLifetime must be a value, but is a section.",
                "Rules:0:Nmae is not a setting. Did you mean Rules:0:Name?",
                "Rules:0:OnInvalidate is \"1\", but must be one of Drop, Refresh.",
                "ZooKeeper is \"zk:2181\", but must be a section.",
            ],
            options.BindingErrors.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_validator_reports_what_could_not_be_read()
    {
        var result = new NearCacheOptionsValidator().Validate(null, Read("""{ "Namespace": "", "Rulez": [] , "NearEntries": "x" }"""));

        Assert.Equal(3, result.Failures!.Count());
        Assert.Contains("Rulez is not a setting. Did you mean Rules?", result.Failures!);
        Assert.Contains(result.Failures!, failure => failure.StartsWith("NearEntries is \"x\"", StringComparison.Ordinal));
        Assert.Contains(result.Failures!, failure => failure.StartsWith("Namespace is \"\"", StringComparison.Ordinal));
    }

    private static NearCacheOptions Read(string json)
    {
        var options = new NearCacheOptions();
        NearCacheConfiguration.Read(
            new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build(), options);
        return options;
    }
}
