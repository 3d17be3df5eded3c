using NearCache.Tests.Reading;
using NearCache.Tests.Remote.DistributedCache;

namespace NearCache.Tests.Options;

public sealed class NearCacheOptionsValidatorTests
{
    [Fact]
    public void Defaults_are_valid() => Assert.Empty(Mistakes(_ => { }));

    [Fact]
    public void Every_mistake_is_reported_at_once_with_setting_and_value()
    {
        var mistakes = Mistakes(options =>
        {
            options.Namespace = "a/b";
            options.KeyPrefix = "~nc:";
            options.MaxStaleness = TimeSpan.FromSeconds(2);
            options.NearEntries = 0;
            options.NearBytes = -1;
            options.Budgets.Deliveries = 1e9;
            options.ZooKeeper.ConnectionString = "zk:2181";
        });

        Assert.Collection(
            mistakes,
            mistake => Assert.StartsWith("Namespace is \"a/b\", but must be ", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("KeyPrefix is \"~nc:\", but must be ", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("MaxStaleness is 00:00:02, but must be from 00:00:03 ", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("AuditInterval is 00:00:01, but must be ", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("NearEntries is 0, but must be positive", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("NearBytes is -1, but must be positive, or 0", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Budgets:Deliveries is 1000000000, but must be ", mistake, StringComparison.Ordinal),
            mistake => Assert.Contains("Memcached:Servers is empty", mistake, StringComparison.Ordinal));
    }

    [Fact]
    public void The_rule_lease_must_exceed_the_operation_timeout()
    {
        Assert.Contains(
            "Memcached:OperationTimeout (00:00:05)",
            Assert.Single(Mistakes(options => options.Memcached.OperationTimeout = TimeSpan.FromSeconds(5))),
            StringComparison.Ordinal);
        Assert.Empty(Mistakes(options =>
        {
            options.Memcached.OperationTimeout = TimeSpan.FromSeconds(5);
            options.RuleLease = TimeSpan.FromSeconds(6);
        }));
    }

    [Fact]
    public void Only_the_envelope_can_say_that_a_value_is_compressed()
    {
        Assert.Empty(Mistakes(options => options.Compression = ValueCompression.Brotli));
        Assert.StartsWith(
            "Compression is Brotli, but must be None unless Format is Envelope",
            Assert.Single(Mistakes(options => (options.Compression, options.Format) = (ValueCompression.Brotli, StoredFormat.Raw))),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "CompressionThreshold is 0, but must be positive",
            Assert.Single(Mistakes(options => options.CompressionThreshold = 0)),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "LongKeys is 7, but must be Refuse or Hash",
            Assert.Single(Mistakes(options => options.LongKeys = (LongKeyPolicy)7)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ZooKeeper_needs_memcached_or_another_remote()
    {
        Assert.Single(Mistakes(options => options.ZooKeeper.ConnectionString = "zk:2181"));
        Assert.Empty(Mistakes(options =>
        {
            options.ZooKeeper.ConnectionString = "zk:2181";
            options.Memcached.Servers.Add("localhost:11211");
        }));
        Assert.Empty(Mistakes(options =>
        {
            options.ZooKeeper.ConnectionString = "zk:2181";
            options.DistributedCache = new FileDistributedCache(Path.GetTempPath());
        }));
    }

    [Fact]
    public void Another_remote_contradicts_what_only_memcached_can_do()
    {
        var mistakes = Mistakes(options =>
        {
            options.DistributedCache = new FileDistributedCache(Path.GetTempPath());
            options.Memcached.Servers.Add("localhost:11211");
            options.Rules.Add(new RuleOptions { Name = "a", Match = "a:*" });
            options.EagerRefresh = 0.8;
            options.Format = StoredFormat.Raw;
        });

        Assert.Equal(4, mistakes.Count);
        Assert.Contains(
            mistakes,
            mistake => mistake.StartsWith(
                "DistributedCache is set, and so is Memcached:Servers (localhost:11211)", StringComparison.Ordinal));
        Assert.Contains(
            mistakes,
            mistake => mistake.StartsWith(
                "Rules has 1, and DistributedCache is set without ZooKeeper:ConnectionString", StringComparison.Ordinal));
        Assert.Contains(
            mistakes,
            mistake => mistake.StartsWith("EagerRefresh is 0.8, but must be left out with UseDistributedCache", StringComparison.Ordinal));
        Assert.Contains(
            mistakes,
            mistake => mistake.StartsWith("Format is Raw, but must be left out with UseDistributedCache", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_clients_find_wrong_is_reported_with_the_rest()
    {
        var mistakes = Mistakes(options =>
        {
            options.NearEntries = -1;
            options.Memcached.Servers.Add("a:1");
            options.Memcached.ConnectionsPerServer = 0;
            options.ZooKeeper.ConnectionString = "zk:2181";
            options.ZooKeeper.SessionTimeout = TimeSpan.Zero;
        });

        Assert.Equal(3, mistakes.Count);
        Assert.Contains(mistakes, mistake => mistake.StartsWith("Memcached:ConnectionsPerServer ", StringComparison.Ordinal));
        Assert.Contains(mistakes, mistake => mistake.StartsWith("ZooKeeper:SessionTimeout ", StringComparison.Ordinal));
    }

    [Fact]
    public void Rules_are_checked_as_the_registry_would()
    {
        var mistakes = Mistakes(options =>
        {
            options.Rules.Add(new RuleOptions { Name = "all", Match = "*" });
            options.Rules.Add(new RuleOptions { Name = "a", Match = "a:*", MaxStaleness = TimeSpan.FromSeconds(6) });
            options.Rules.Add(new RuleOptions { Name = "b", Match = null! });
        });

        Assert.Equal(3, mistakes.Count);
        Assert.StartsWith("Rules:0: Match is \"*\"", mistakes[0], StringComparison.Ordinal);
        Assert.StartsWith("Rules:2: Match is \"\"", mistakes[1], StringComparison.Ordinal);
        Assert.StartsWith("Rules:1:MaxStaleness is 00:00:06", mistakes[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Listed_keys_must_be_keys()
    {
        var rule = new RuleOptions
        {
            Name = "a",
            Match = "a:*",
            Preload = { "a:1", "a: 2", "a:" + new string('x', 248), "a:" + new string('x', 249) },
        };

        Assert.Equal(2, With(LongKeyPolicy.Refuse, "").Count);
        Assert.Equal(3, With(LongKeyPolicy.Refuse, "p:").Count);
        Assert.StartsWith("Rules:0:Preload is \"a: 2\"", Assert.Single(With(LongKeyPolicy.Hash, "p:")), StringComparison.Ordinal);

        IReadOnlyList<string> With(LongKeyPolicy longKeys, string prefix) => Mistakes(options =>
        {
            options.Rules.Add(rule);
            (options.LongKeys, options.KeyPrefix) = (longKeys, prefix);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void A_namespace_is_a_plain_name(string name) => Assert.Single(Mistakes(options => options.Namespace = name));

    [Theory]
    [InlineData("a b")]
    [InlineData("\u007f")]
    [InlineData("ö")]
    [InlineData("~")]
    public void A_key_prefix_is_visible_ASCII(string prefix) => Assert.Single(Mistakes(options => options.KeyPrefix = prefix));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1000.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void An_announcement_budget_beyond_all_reason_is_refused(double budget) => Assert.Equal(
        2,
        Mistakes(options => options.Budgets.AnnouncementsPerNamespace = options.Budgets.AnnouncementsPerProcess = budget).Count);

    [Theory]
    [InlineData("all", "must be scheme:id:permissions")]
    [InlineData("world:anyone", "must be scheme:id:permissions")]
    [InlineData("world:anyone:cdrwx", "must be scheme:id:permissions")]
    [InlineData("world:anyone:", "must be scheme:id:permissions")]
    [InlineData(":anyone:r", "must be scheme:id:permissions")]
    [InlineData("world:everyone:cdrw", "must be anyone")]
    [InlineData("auth:me:cdrw", "must have no id")]
    [InlineData("auth::cdrw", "set ZooKeeper:Authentications")]
    [InlineData("digest:shop:secret:cdrw", "never the password")]
    [InlineData("ip:10.0.0.0/33:cdrw", "number of its bits")]
    [InlineData("sasl::cdrw", "needs an id")]
    [InlineData("world:anyone:r", "grants no identity all of c, d, r and w")]
    public void Access_rights_that_ZooKeeper_would_not_take_are_refused(string acl, string why) =>
        Assert.Contains(
            Mistakes(options => options.Ensemble.Acl.Add(acl)),
            mistake => mistake.StartsWith("Ensemble:Acl", StringComparison.Ordinal) && mistake.Contains(why, StringComparison.Ordinal));

    [Theory]
    [InlineData("digest:shop:secret:cdrw")]
    [InlineData("digest:shop:secret:with:colons:cdrw")]
    [InlineData("digest:shop:secret:cdrwx")]
    [InlineData("digest:secret:cdrw")]
    [InlineData("digest:secret")]
    public void A_password_that_is_written_as_an_access_right_is_not_repeated(string acl)
    {
        var mistake = Assert.Single(Mistakes(options => options.Ensemble.Acl.Add(acl)));

        Assert.StartsWith("Ensemble:Acl:0 is \"digest:", mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Access_rights_as_zkCli_writes_them_are_taken()
    {
        Assert.Empty(Mistakes(options =>
        {
            options.ZooKeeper.Authentications.Add(ZooKeeper.ZooKeeperAuthentication.Digest("shop", "secret"));
            options.Ensemble.Acl.Add("auth::cdrwa");
            options.Ensemble.Acl.Add("digest:shop:5iE2OLSe8QSYNFTHcSSq0JjvWjo=:cdrwa");
            options.Ensemble.Acl.Add("ip:10.0.0.0/8:r");
            options.Ensemble.Acl.Add("ip:fd00::1:r");
            options.Ensemble.Acl.Add("sasl:shop/host@REALM:cdrwa");
        }));
        Assert.Equal(("ip", "fd00::1"), (AclParser.Parse(["ip:fd00::1:r"])[0].Scheme, AclParser.Parse(["ip:fd00::1:r"])[0].Id));
    }

    [Fact]
    public void A_quota_below_what_a_namespace_needs_is_refused()
    {
        Assert.Equal(2, Mistakes(options => (options.Ensemble.QuotaZNodes, options.Ensemble.QuotaBytes) = (14, 1000)).Count);
        Assert.Empty(Mistakes(options => (options.Ensemble.QuotaZNodes, options.Ensemble.QuotaBytes) = (50, 256 * 1024)));
    }

    [Fact]
    public void A_fill_lease_is_whole_seconds() => Assert.Single(Mistakes(options => options.FillLease = TimeSpan.FromMilliseconds(1500)));

    [Fact]
    public void What_is_said_of_factories_must_fit_together()
    {
        Assert.Equal(5, Mistakes(options =>
        {
            options.FactorySoftTimeout = TimeSpan.FromSeconds(2);
            options.FactoryTimeout = TimeSpan.FromSeconds(2);
            options.StaleLifetime = TimeSpan.FromDays(8);
            options.StaleEntries = 0;
            options.EagerRefresh = 1;
            options.LifetimeJitter = 0.6;
        }).Count);
        Assert.StartsWith(
            "StaleLifetime is 00:00:00",
            Assert.Single(Mistakes(options => options.OnRemoteFailure = RemoteFailurePolicy.ServeStale)),
            StringComparison.Ordinal);
        Assert.Empty(
            Mistakes(
                options => (options.OnRemoteFailure, options.StaleLifetime) = (RemoteFailurePolicy.ServeStale, TimeSpan.FromMinutes(1))));
    }

    [Fact]
    public void A_copy_is_not_changed_with_its_original()
    {
        var options = new NearCacheOptions { Rules = { new RuleOptions { Name = "a", Match = "a:*", Preload = { "a:1" } } } };
        var copy = options.Copy();

        options.Rules[0].Name = "b";
        options.Rules[0].Preload.Clear();
        options.Budgets.Deliveries = 1;
        options.Ensemble.Acl.Add("world:anyone:cdrwa");

        Assert.Equal("a", Assert.Single(copy.Rules).Name);
        Assert.Equal(["a:1"], copy.Rules[0].Preload);
        Assert.Equal(5_000, copy.Budgets.Deliveries);
        Assert.Empty(copy.Ensemble.Acl);
    }

    private static List<string> Mistakes(Action<NearCacheOptions> change)
    {
        var options = new NearCacheOptions();
        change(options);
        return [.. new NearCacheOptionsValidator().Validate(null, options).Failures ?? []];
    }
}
