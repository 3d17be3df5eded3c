using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>A certificate that signs itself, as PEM files for memcached.</summary>
internal static class Certificates
{
    /// <summary>Writes <c>cert.pem</c> and <c>key.pem</c> for 127.0.0.1 and <paramref name="name"/>.</summary>
    public static (
        X509Certificate2 Certificate,
        string CertificatePath,
        string KeyPath) Write(string folder, string name = "localhost", bool isExpired = false)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost")
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = DateTimeOffset.UtcNow;
        var certificate = request.CreateSelfSigned(now.AddDays(-30), isExpired ? now.AddDays(-1) : now.AddDays(30));
        var (certificatePath, keyPath) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (certificate, certificatePath, keyPath);
    }
}
