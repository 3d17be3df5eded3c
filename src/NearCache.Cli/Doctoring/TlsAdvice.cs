namespace NearCache.Cli.Doctoring;

/// <summary>What to do about a certificate that this machine does not accept, by the words of the platform.</summary>
internal static class TlsAdvice
{
    /// <summary>Returns what to do; null if a reason names no certificate.</summary>
    /// <param name="reason">Why a server was not reached.</param>
    /// <param name="names">The setting that has the names of the servers.</param>
    public static string? Of(string reason, string names) =>
        Has(reason, "NotTimeValid")
            ? "The certificate has expired, or is not valid yet: replace it on the server, and check the clock of this machine."
        : Has(reason, "RemoteCertificateNameMismatch")
            ? $"The certificate is not for this name: write the server in {names} as its certificate names it, or issue another one."
        : Has(reason, "UntrustedRoot") || Has(reason, "PartialChain")
            ? "The authority of the certificate is not known here: install it on this machine, or name its file by the environment "
                + "variable SSL_CERT_FILE. The processes may name it in code."
        : Has(reason, "Revoked") || Has(reason, "RevocationStatusUnknown") || Has(reason, "OfflineRevocation")
            ? "The certificate is revoked, or the list of revoked ones is not reached from here: replace it, or open the network to the "
                + "list."
        : Has(reason, "certificate")
            ? $"Check the certificate of the server, its chain, and the name in {names}."
        : null;

    private static bool Has(string reason, string word) => reason.Contains(word, StringComparison.OrdinalIgnoreCase);
}
