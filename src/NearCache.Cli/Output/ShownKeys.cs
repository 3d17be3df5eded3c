using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Cli.Output;

/// <summary>Shows keys of the application as <see cref="ReportOptions.Keys"/> says, because keys may be personal data.</summary>
/// <param name="options">The settings of the caches.</param>
internal sealed class ShownKeys(NearCacheOptions options)
{
    private const int HashBytes = 9;

    /// <summary>Returns what is shown of a key. A hash is that of reports and logs: docs/formats.md, "Hashed keys".</summary>
    public string Of(string key) => options.Reports.Keys switch
    {
        KeyVisibility.Plain => key,
        KeyVisibility.None => "(a key)",
        _ => "#" + Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{options.Namespace}\n{key}")).AsSpan(0, HashBytes)),
    };
}
