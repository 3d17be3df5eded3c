using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The client side of one DIGEST-MD5 authentication, without integrity or privacy layers.</summary>
/// <remarks>
/// Source: RFC 2831, sections 2.1.1 to 2.1.3. The service is "zookeeper" and the host "zk-sasl-md5", as configured in a stock server.
/// </remarks>
[SuppressMessage("Security", "CA5351", Justification = "DIGEST-MD5 is what the servers speak; use TLS around it.")]
internal sealed class DigestMd5(ZooKeeperSaslCredentials credentials, string clientNonce)
{
    private const string DefaultRealm = "zk-sasl-md5";
    private const string Target = "zookeeper/zk-sasl-md5";
    private const string Count = "00000001";
    private string _proof = "";

    /// <summary>Returns a nonce of 128 random bits.</summary>
    public static string CreateNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    /// <summary>Returns the response to the server's challenge, or null if the challenge does not fit this mechanism.</summary>
    public byte[]? Respond(byte[] challenge)
    {
        var fields = Parse(Encoding.UTF8.GetString(challenge));
        if (!fields.TryGetValue("nonce", out var nonce)
            || (fields.TryGetValue("algorithm", out var algorithm) && algorithm != "md5-sess")
            || (fields.TryGetValue("qop", out var qualities) && !qualities.Split(',', StringSplitOptions.TrimEntries).Contains("auth")))
        {
            return null;
        }

        var realm = fields.GetValueOrDefault("realm", DefaultRealm);
        var secret = MD5.HashData(Encoding.UTF8.GetBytes($"{credentials.User}:{realm}:{credentials.Password}"));
        var a1 = Hex([.. secret, .. Encoding.UTF8.GetBytes($":{nonce}:{clientNonce}")]);
        var response = Hash(a1, nonce, "AUTHENTICATE:" + Target);
        _proof = Hash(a1, nonce, ":" + Target);
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"charset=utf-8,username=\"{Quote(credentials.User)}\",realm=\"{Quote(realm)}\",nonce=\"{Quote(nonce)}\",nc={Count},"
            + $"cnonce=\"{clientNonce}\",digest-uri=\"{Target}\",maxbuf=65536,response={response},qop=auth"));
    }

    /// <summary>Returns whether the server's last message proves that it knows the password.</summary>
    public bool VerifyServer(byte[] message) => _proof.Length > 0
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(
                Parse(Encoding.UTF8.GetString(message)).GetValueOrDefault("rspauth", "")), Encoding.UTF8.GetBytes(_proof));

    // name=value or name="value with \" escapes", separated by commas
    internal static Dictionary<string, string> Parse(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var at = 0;
        while (text.IndexOf('=', at) is > 0 and var equals)
        {
            var name = text[at..equals].Trim(' ', ',', '\t');
            var value = new StringBuilder();
            at = equals + 1;
            var isQuoted = at < text.Length && text[at] == '"';
            for (at += isQuoted ? 1 : 0; at < text.Length && text[at] != (isQuoted ? '"' : ','); at++)
            {
                at += isQuoted && text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
                value.Append(text[at]);
            }

            at = Math.Min(at + 1, text.Length);
            fields.TryAdd(name, value.ToString());
        }

        return fields;
    }

    private static string Quote(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    private string Hash(string a1, string nonce, string a2) =>
        Hex(Encoding.UTF8.GetBytes($"{a1}:{nonce}:{Count}:{clientNonce}:auth:{Hex(Encoding.UTF8.GetBytes(a2))}"));
}
