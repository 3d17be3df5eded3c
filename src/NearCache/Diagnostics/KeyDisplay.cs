using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Diagnostics;

/// <summary>
/// Formats keys of the application for people, by <see cref="ReportOptions.Keys"/>. The only way of a key into a report, a metric, a log
/// line, a bundle or a page.
/// </summary>
/// <param name="visibility">The setting.</param>
/// <param name="namespace">The namespace, so that equal keys of two namespaces have different hashes.</param>
internal sealed class KeyDisplay(KeyVisibility visibility, string @namespace)
{
    // 72 bits: no two of the keys that a report can hold have the same hash.
    private const int HashBytes = 9;

    /// <summary>Returns what is shown of a key.</summary>
    public ShownKey Of(string key) => new(visibility switch
    {
        KeyVisibility.Plain => key,
        KeyVisibility.None => "(a key)",
        _ => HashOf(key),
    });

    // docs/formats.md, "Hashed keys".
    private string HashOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{@namespace}\n{key}"), hash);
        return "#" + Base64Url.EncodeToString(hash[..HashBytes]);
    }
}

/// <summary>What is shown of a key. Log methods take this instead of a key.</summary>
/// <param name="Text">The text, by <see cref="ReportOptions.Keys"/>.</param>
internal readonly record struct ShownKey(string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}
