using System.Net.Security;
using System.Text;
using NearCache.Configuration;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// Reads the settings of the two clients from their sections, except those that only code can set, such as certificates and a locator.
/// </summary>
internal static class ClientConfiguration
{
    public static void Read(SettingsReader reader, MemcachedOptions options)
    {
        reader.Texts(nameof(options.Servers), options.Servers);
        reader.Number(nameof(options.ConnectionsPerServer), value => options.ConnectionsPerServer = value);
        reader.Duration(nameof(options.ConnectTimeout), value => options.ConnectTimeout = value);
        reader.Duration(nameof(options.OperationTimeout), value => options.OperationTimeout = value);
        reader.Duration(nameof(options.StallTimeout), value => options.StallTimeout = value);
        reader.Duration(nameof(options.ReconnectDelay), value => options.ReconnectDelay = value);
        reader.Duration(nameof(options.MaxReconnectDelay), value => options.MaxReconnectDelay = value);
        reader.Fraction(nameof(options.ReconnectJitter), value => options.ReconnectJitter = value);
        reader.Duration(nameof(options.KeepAlive), value => options.KeepAlive = value);
        reader.Number(nameof(options.MaxInFlightCommands), value => options.MaxInFlightCommands = value);
        reader.LargeNumber(nameof(options.MaxInFlightBytes), value => options.MaxInFlightBytes = value);
        reader.Choice<OverloadPolicy>(nameof(options.OverloadPolicy), value => options.OverloadPolicy = value);
        reader.Number(nameof(options.MaxValueBytes), value => options.MaxValueBytes = value);
        reader.Switch(nameof(options.Tls), value => options.Tls = value ? options.Tls ?? new SslClientAuthenticationOptions() : null);
        reader.Text(nameof(options.UserName), value => options.UserName = value);
        reader.Text(nameof(options.Password), value => options.Password = value);
        reader.Choice<MemcachedDistribution>(nameof(options.Distribution), value => options.Distribution = value);
        reader.Switch(nameof(options.VerifyReplies), value => options.VerifyReplies = value);
    }

    public static void Read(SettingsReader reader, ZooKeeperOptions options)
    {
        reader.Text(nameof(options.ConnectionString), value => options.ConnectionString = value);
        reader.Switch(nameof(options.CreateChroot), value => options.CreateChroot = value);
        reader.Duration(nameof(options.SessionTimeout), value => options.SessionTimeout = value);
        reader.Duration(nameof(options.ConnectTimeout), value => options.ConnectTimeout = value);
        reader.Duration(nameof(options.RequestTimeout), value => options.RequestTimeout = value);
        reader.Duration(nameof(options.LivenessTimeout), value => options.LivenessTimeout = value);
        reader.Duration(nameof(options.ReconnectDelay), value => options.ReconnectDelay = value);
        reader.Duration(nameof(options.MaxReconnectDelay), value => options.MaxReconnectDelay = value);
        reader.Fraction(nameof(options.ReconnectJitter), value => options.ReconnectJitter = value);
        reader.Switch(nameof(options.AllowReadOnly), value => options.AllowReadOnly = value);
        reader.Number(nameof(options.MaxMessageBytes), value => options.MaxMessageBytes = value);
        reader.Number(nameof(options.MaxOutstandingRequests), value => options.MaxOutstandingRequests = value);
        reader.Number(nameof(options.MaxOutstandingBytes), value => options.MaxOutstandingBytes = value);
        reader.Number(nameof(options.MaxWaitingRequests), value => options.MaxWaitingRequests = value);
        reader.Duration(nameof(options.WatchHandlerGrace), value => options.WatchHandlerGrace = value);
        reader.Switch(nameof(options.Tls), value => options.Tls = value ? options.Tls ?? new SslClientAuthenticationOptions() : null);

        var identities = new List<Identity>();
        reader.Sections(nameof(options.Authentications), identities, static (inner, identity) =>
        {
            inner.Text(nameof(Identity.Scheme), value => identity.Scheme = value);
            inner.Text(nameof(Identity.Credentials), value => identity.Credentials = value);
        });
        foreach (var identity in identities)
        {
            options.Authentications.Add(
                new ZooKeeperAuthentication { Scheme = identity.Scheme, Credentials = Encoding.UTF8.GetBytes(identity.Credentials) });
        }

        reader.Section(nameof(options.Sasl), inner =>
        {
            var (user, password) = (options.Sasl?.User, options.Sasl?.Password);
            inner.Text(nameof(ZooKeeperSaslCredentials.User), value => user = value);
            inner.Text(nameof(ZooKeeperSaslCredentials.Password), value => password = value);
            options.Sasl = user is null && password is null
                ? null
                : new ZooKeeperSaslCredentials { User = user ?? "", Password = password ?? "" };
        });
    }

    private sealed class Identity
    {
        public string Scheme { get; set; } = "";

        public string Credentials { get; set; } = "";
    }
}
