using System.Net.Security;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// Compares the settings of connections. Values that only code can set, such as certificates and a locator, are equal if they are the same
/// object.
/// </summary>
internal static class SettingsEquality
{
    public static bool Are(MemcachedOptions one, MemcachedOptions other) =>
        one.Servers.SequenceEqual(other.Servers, StringComparer.Ordinal)
        && (
            one.ConnectionsPerServer,
            one.ConnectTimeout,
            one.OperationTimeout,
            one.StallTimeout,
            one.ReconnectDelay,
            one.MaxReconnectDelay,
            one.ReconnectJitter,
            one.KeepAlive)
            == (
                other.ConnectionsPerServer,
                other.ConnectTimeout,
                other.OperationTimeout,
                other.StallTimeout,
                other.ReconnectDelay,
                other.MaxReconnectDelay,
                other.ReconnectJitter,
                other.KeepAlive)
        && (one.MaxInFlightCommands, one.MaxInFlightBytes, one.OverloadPolicy, one.MaxValueBytes, one.VerifyReplies, one.Distribution)
            == (
                other.MaxInFlightCommands,
                other.MaxInFlightBytes,
                other.OverloadPolicy,
                other.MaxValueBytes,
                other.VerifyReplies,
                other.Distribution)
        && (one.UserName, one.Password) == (other.UserName, other.Password)
        && Are(one.Tls, other.Tls)
        && Equals(one.Locator, other.Locator)
        && Equals(one.Resolve, other.Resolve);

    public static bool Are(ZooKeeperOptions one, ZooKeeperOptions other) =>
        (
            one.ConnectionString,
            one.SessionTimeout,
            one.ConnectTimeout,
            one.RequestTimeout,
            one.LivenessTimeout,
            one.ReconnectDelay,
            one.MaxReconnectDelay,
            one.ReconnectJitter)
            == (
                other.ConnectionString,
                other.SessionTimeout,
                other.ConnectTimeout,
                other.RequestTimeout,
                other.LivenessTimeout,
                other.ReconnectDelay,
                other.MaxReconnectDelay,
                other.ReconnectJitter)
        && (
            one.RenewSession,
            one.AllowReadOnly,
            one.MaxMessageBytes,
            one.MaxOutstandingRequests,
            one.MaxOutstandingBytes,
            one.MaxWaitingRequests,
            one.WatchHandlerGrace,
            one.Sasl)
            == (
                other.RenewSession,
                other.AllowReadOnly,
                other.MaxMessageBytes,
                other.MaxOutstandingRequests,
                other.MaxOutstandingBytes,
                other.MaxWaitingRequests,
                other.WatchHandlerGrace,
                other.Sasl)
        && one.CreateChroot == other.CreateChroot
        && Are(one.Tls, other.Tls)
        && one.Authentications.Count == other.Authentications.Count
        && one.Authentications.Zip(other.Authentications).All(
            pair => pair.First.Scheme == pair.Second.Scheme && pair.First.Credentials.Span.SequenceEqual(pair.Second.Credentials.Span));

    /// <summary>Compares the settings of TLS. Two caches whose configuration says <c>Tls: true</c> have an object each.</summary>
    public static bool Are(SslClientAuthenticationOptions? one, SslClientAuthenticationOptions? other) =>
        ReferenceEquals(one, other)
        || (one is not null
            && other is not null
            && (one.TargetHost, one.EnabledSslProtocols, one.EncryptionPolicy, one.CertificateRevocationCheckMode)
                == (other.TargetHost, other.EnabledSslProtocols, other.EncryptionPolicy, other.CertificateRevocationCheckMode)
            && (one.AllowRenegotiation, one.AllowTlsResume, one.AllowRsaPkcs1Padding, one.AllowRsaPssPadding)
                == (other.AllowRenegotiation, other.AllowTlsResume, other.AllowRsaPkcs1Padding, other.AllowRsaPssPadding)
            && (one.RemoteCertificateValidationCallback, one.LocalCertificateSelectionCallback, one.ApplicationProtocols)
                == (other.RemoteCertificateValidationCallback, other.LocalCertificateSelectionCallback, other.ApplicationProtocols)
            && (one.ClientCertificates, one.ClientCertificateContext, one.CertificateChainPolicy, one.CipherSuitesPolicy)
                == (other.ClientCertificates, other.ClientCertificateContext, other.CertificateChainPolicy, other.CipherSuitesPolicy));

    public static bool Are(BudgetOptions one, BudgetOptions other) =>
        (one.AnnouncementsPerProcess, one.AnnouncementsPerNamespace, one.Deliveries, one.MessagesPerProcess, one.MessagesPerNamespace)
            == (
                other.AnnouncementsPerProcess,
                other.AnnouncementsPerNamespace,
                other.Deliveries,
                other.MessagesPerProcess,
                other.MessagesPerNamespace);

    public static bool Are(ReportOptions one, ReportOptions other) =>
        (one.Enabled, one.Interval, one.Keys, one.PodName, one.NodeName, one.NodeAddress) == (
            other.Enabled, other.Interval, other.Keys, other.PodName, other.NodeName, other.NodeAddress);

    public static bool Are(EnsembleOptions one, EnsembleOptions other) =>
        (one.LookForNeighbours, one.WarnAboveNamespaces, one.QuotaZNodes, one.QuotaBytes, one.AnnounceBesideBroker) == (
            other.LookForNeighbours, other.WarnAboveNamespaces, other.QuotaZNodes, other.QuotaBytes, other.AnnounceBesideBroker)
        && one.Acl.SequenceEqual(other.Acl, StringComparer.Ordinal);

    public static bool Are(MonitorOptions one, MonitorOptions other) =>
        (one.ChecksPerSecond, one.StopOnViolations) == (other.ChecksPerSecond, other.StopOnViolations);
}
