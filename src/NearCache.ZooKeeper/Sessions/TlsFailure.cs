using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Explains why a server ends a TLS handshake.</summary>
/// <remarks>
/// A server that requires a client certificate sends one of several alerts when it gets none: handshake_failure, bad_certificate or
/// certificate_required, depending on its version, or closes the connection. No alert names the setting that is missing.
/// </remarks>
internal static class TlsFailure
{
    /// <summary>
    /// Returns whether the handshake failed for another reason than the client's own checks: as a rule, an alert of the server.
    /// </summary>
    /// <remarks>An exception of the client's own checks, for example of the server's certificate, has no inner exception.</remarks>
    public static bool IsCausedByServer(Exception e) =>
        e is AuthenticationException or IOException && e.InnerException is not (null or SocketException);

    /// <summary>Returns the exception that names the alert and the setting.</summary>
    public static AuthenticationException Create(string server, SslClientAuthenticationOptions tls, Exception e) =>
        new($"The TLS handshake with {server} failed: {e.GetBaseException().Message}. {Describe(tls)}", e);

    /// <summary>Returns a sentence that describes what may be wrong with the client certificate.</summary>
    public static string Describe(SslClientAuthenticationOptions tls)
    {
        var cause = HasCertificate(tls) ? "not accept the client certificate" : "require a client certificate, and none is configured";
        return $"The server may {cause} ({nameof(ZooKeeperOptions)}.{nameof(ZooKeeperOptions.Tls)}).";
    }

    private static bool HasCertificate(SslClientAuthenticationOptions tls) =>
        tls.ClientCertificates is { Count: > 0 }
        || tls.ClientCertificateContext is not null
        || tls.LocalCertificateSelectionCallback is not null;
}
