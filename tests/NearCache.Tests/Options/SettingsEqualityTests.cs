using System.Collections;
using System.Net;
using System.Net.Security;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NearCache.Memcached;
using NearCache.Memcached.Topology;
using NearCache.Remote.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Options;

/// <summary>
/// Connections are shared only where every setting is the same: one that is added and not compared would be shared wrongly.
/// </summary>
public sealed class SettingsEqualityTests
{
    public static TheoryData<string> OfMemcached => Settings<MemcachedOptions>();

    public static TheoryData<string> OfZooKeeper => Settings<ZooKeeperOptions>();

    public static TheoryData<string> OfBudgets => Settings<BudgetOptions>();

    public static TheoryData<string> OfEnsemble => Settings<EnsembleOptions>();

    [Theory]
    [MemberData(nameof(OfEnsemble))]
    public void Another_value_of_any_setting_of_the_ensemble_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new EnsembleOptions(), setting), new EnsembleOptions()));

    public static TheoryData<string> OfMonitor => Settings<MonitorOptions>();

    [Theory]
    [MemberData(nameof(OfMonitor))]
    public void Another_value_of_any_setting_of_the_monitor_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new MonitorOptions(), setting), new MonitorOptions()));

    [Fact]
    public void Defaults_are_equal()
    {
        Assert.True(SettingsEquality.Are(new MemcachedOptions(), new MemcachedOptions()));
        Assert.True(SettingsEquality.Are(new ZooKeeperOptions(), new ZooKeeperOptions()));
        Assert.True(SettingsEquality.Are(new BudgetOptions(), new BudgetOptions()));
        Assert.True(SettingsEquality.Are(new EnsembleOptions(), new EnsembleOptions()));
    }

    public static TheoryData<string> OfTls => Settings<SslClientAuthenticationOptions>();

    [Fact]
    public void Settings_of_TLS_are_equal_by_their_values()
    {
        Assert.True(SettingsEquality.Are(
            new MemcachedOptions { Tls = new SslClientAuthenticationOptions { TargetHost = "a" } },
            new MemcachedOptions { Tls = new SslClientAuthenticationOptions { TargetHost = "a" } }));
        Assert.True(SettingsEquality.Are(
            new ZooKeeperOptions { Tls = new SslClientAuthenticationOptions() },
            new ZooKeeperOptions { Tls = new SslClientAuthenticationOptions() }));
    }

    [Theory]
    [MemberData(nameof(OfTls))]
    public void Another_value_of_any_setting_of_TLS_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new SslClientAuthenticationOptions(), setting), new SslClientAuthenticationOptions()));

    [Theory]
    [MemberData(nameof(OfMemcached))]
    public void Another_value_of_any_setting_of_memcached_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new MemcachedOptions(), setting), new MemcachedOptions()));

    [Theory]
    [MemberData(nameof(OfMemcached))]
    public void Settings_with_another_list_of_servers_are_the_same_otherwise(string setting)
    {
        var changed = Changed(new MemcachedOptions(), setting);
        Assert.True(SettingsEquality.Are(MemcachedSettings.With(changed, changed.Servers), changed));
    }

    [Theory]
    [MemberData(nameof(OfZooKeeper))]
    public void Another_value_of_any_setting_of_ZooKeeper_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new ZooKeeperOptions(), setting), new ZooKeeperOptions()));

    [Theory]
    [MemberData(nameof(OfBudgets))]
    public void Another_value_of_any_budget_makes_a_difference(string setting) =>
        Assert.False(SettingsEquality.Are(Changed(new BudgetOptions(), setting), new BudgetOptions()));

#pragma warning disable SYSLIB0040 // The policy is compared, not used.
    private static EncryptionPolicy OtherEncryptionPolicy => EncryptionPolicy.AllowNoEncryption;
#pragma warning restore SYSLIB0040

    private static SslStreamCertificateContext CertificateContext()
    {
        using var key = RSA.Create(2048);
        var certificate = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return SslStreamCertificateContext.Create(certificate, null, offline: true);
    }

    private static TheoryData<string> Settings<T>() =>
        [.. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];

    private static T Changed<T>(T options, string setting)
    {
        var property = typeof(T).GetProperty(setting)!;
        var value = property.GetValue(options);
        if (value is IList list)
        {
            list.Add(list is IList<string> ? "a:1" : ZooKeeperAuthentication.Digest("user", "password"));
            return options;
        }

        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        property.SetValue(options, type switch
        {
            _ when type == typeof(int) => (int)value! + 1,
            _ when type == typeof(long) => (long)value! + 1,
            _ when type == typeof(double) => (double)value! / 2,
            _ when type == typeof(bool) => !(bool)value!,
            _ when type == typeof(string) => value + "other",
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(1.5),
            _ when type == typeof(EncryptionPolicy) => OtherEncryptionPolicy,
            _ when type.IsEnum => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(value)),
            _ when type == typeof(SslClientAuthenticationOptions) => new SslClientAuthenticationOptions(),
            _ when type == typeof(RemoteCertificateValidationCallback) =>
                (RemoteCertificateValidationCallback)((_, _, _, errors) => errors == SslPolicyErrors.None),
            _ when type == typeof(LocalCertificateSelectionCallback) => (LocalCertificateSelectionCallback)((_, _, _, _, _) => null!),
            _ when type == typeof(List<SslApplicationProtocol>) => new List<SslApplicationProtocol>(),
            _ when type == typeof(X509CertificateCollection) => new X509CertificateCollection(),
            _ when type == typeof(X509ChainPolicy) => new X509ChainPolicy(),
            _ when type == typeof(CipherSuitesPolicy) => OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy([]),
            _ when type == typeof(SslStreamCertificateContext) => CertificateContext(),
            _ when type == typeof(ZooKeeperSaslCredentials) => new ZooKeeperSaslCredentials { User = "user", Password = "password" },
            _ when type == typeof(Func<IReadOnlyList<WeightedServer>, IServerLocator>) =>
                (Func<IReadOnlyList<WeightedServer>, IServerLocator>)(_ => null!),
            _ when type == typeof(Func<string, CancellationToken, Task<IPAddress[]>>) =>
                (Func<string, CancellationToken, Task<IPAddress[]>>)((_, _) => null!),
            _ => throw new InvalidOperationException($"Say here what another {type} is."),
        });
        return options;
    }
}
