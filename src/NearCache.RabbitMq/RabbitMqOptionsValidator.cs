using System.Globalization;
using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Options;

namespace NearCache.RabbitMq;

/// <summary>Reports every error in <see cref="RabbitMqOptions"/> at once: the setting, its value, and the valid values.</summary>
internal sealed class RabbitMqOptionsValidator : IValidateOptions<RabbitMqOptions>
{
    // AMQP 0-9-1: short strings have at most 255 bytes.
    private const int MostBytes = 255;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new OptionsErrors(options.Source, name);
        foreach (var mistake in options.BindingErrors)
        {
            mistakes.Add(mistake);
        }

        if (options.Hosts.Count == 0)
        {
            mistakes.Add("Hosts is empty, but UseRabbitMq was called: name the nodes of the broker, such as rabbit.example:5672.");
        }

        for (var i = 0; i < options.Hosts.Count; i++)
        {
            mistakes.Require(
                TryParse(options.Hosts[i], tls: false, out _, out _),
                $"{nameof(options.Hosts)}:{i}",
                WithoutCredentials(options.Hosts[i]),
                "a host, or host:port with a port from 1 to 65535, without a scheme, a user and a path (UserName, Password, VirtualHost)");
        }

        Text(nameof(options.VirtualHost), options.VirtualHost);
        Text(nameof(options.UserName), options.UserName);
        mistakes.Require(options.Password is not null, nameof(options.Password), null, "a text");
        if (options.Exchange is { } exchange)
        {
            Text(nameof(options.Exchange), exchange);
            mistakes.Require(
                !exchange.StartsWith("amq.", StringComparison.Ordinal), nameof(options.Exchange), exchange, "a name that does not begin "
                    + "with \"amq.\", which the broker reserves");
        }

        foreach (var setting in NotApplied(options.Tls))
        {
            mistakes.Add($"{nameof(options.Tls)}:{setting} is set, but the client library of RabbitMQ does not apply it: leave it out. "
                + $"{nameof(SslClientAuthenticationOptions.RemoteCertificateValidationCallback)} and "
                + $"{nameof(SslClientAuthenticationOptions.ClientCertificates)} are applied.");
        }

        mistakes.Require(
            options.QueueLength is >= 10 and <= 100_000, nameof(options.QueueLength), options.QueueLength, "from 10 to 100,000");
        Duration(nameof(options.MessageLifetime), options.MessageLifetime, 1, 300);
        Duration(nameof(options.ConnectTimeout), options.ConnectTimeout, 0.1, 60);
        Duration(nameof(options.Heartbeat), options.Heartbeat, 1, 60);
        mistakes.Require(
            options.Heartbeat.Ticks % TimeSpan.TicksPerSecond == 0, nameof(options.Heartbeat), options.Heartbeat, "whole seconds");
        return mistakes.Build();

        void Text(string setting, string? value) => mistakes.Require(
            !string.IsNullOrEmpty(value) && Encoding.UTF8.GetByteCount(value) <= MostBytes && !value.Any(char.IsControl),
            setting,
            value,
            $"1 to {MostBytes} bytes of UTF-8 without control characters");

        void Duration(string setting, TimeSpan value, double least, double most) => mistakes.Require(
            value >= TimeSpan.FromSeconds(least) && value <= TimeSpan.FromSeconds(most),
            setting,
            value,
            $"from {TimeSpan.FromSeconds(least)} to {TimeSpan.FromSeconds(most)}");
    }

    /// <summary>Parses <c>host</c> or <c>host:port</c>; an IPv6 address with a port is in brackets.</summary>
    public static bool TryParse(string? text, bool tls, out string host, out int port)
    {
        (host, port) = (text ?? "", tls ? RabbitMqOptions.DefaultTlsPort : RabbitMqOptions.DefaultPort);
        var inBrackets = host.StartsWith('[');
        var end = inBrackets ? host.IndexOf(']', StringComparison.Ordinal) + 1 : host.LastIndexOf(':');
        if (inBrackets || host.IndexOf(':', StringComparison.Ordinal) == end)
        {
            var rest = end < 0 ? "" : host[end..];
            if (rest.Length > 0
                && (rest[0] != ':'
                    || !int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
                    || port is < 1 or > 65535))
            {
                return false;
            }

            host = end < 0 ? host : host[..end];
        }

        host = inBrackets ? host[1..^1] : host;
        return Uri.CheckHostName(host) is var kind && (inBrackets ? kind == UriHostNameType.IPv6 : kind != UriHostNameType.Unknown);
    }

    // A URI of AMQP has the password in it.
    private static string WithoutCredentials(string? text) => text?.LastIndexOf('@') is >= 0 and var at ? $"…{text[at..]}" : text ?? "";

    private static IEnumerable<string> NotApplied(SslClientAuthenticationOptions? tls)
    {
        if (tls is null)
        {
            yield break;
        }

        var defaults = new SslClientAuthenticationOptions();
        (string Name, bool IsSet)[] settings =
        [
            (nameof(tls.AllowRenegotiation), tls.AllowRenegotiation != defaults.AllowRenegotiation),
            (nameof(tls.AllowRsaPkcs1Padding), tls.AllowRsaPkcs1Padding != defaults.AllowRsaPkcs1Padding),
            (nameof(tls.AllowRsaPssPadding), tls.AllowRsaPssPadding != defaults.AllowRsaPssPadding),
            (nameof(tls.AllowTlsResume), tls.AllowTlsResume != defaults.AllowTlsResume),
            (nameof(tls.ApplicationProtocols), tls.ApplicationProtocols is { Count: > 0 }),
            (nameof(tls.CertificateChainPolicy), tls.CertificateChainPolicy is not null),
            (nameof(tls.CipherSuitesPolicy), tls.CipherSuitesPolicy is not null),
            (nameof(tls.ClientCertificateContext), tls.ClientCertificateContext is not null),
            (nameof(tls.EncryptionPolicy), tls.EncryptionPolicy != defaults.EncryptionPolicy),
        ];
        foreach (var (name, _) in settings.Where(setting => setting.IsSet))
        {
            yield return name;
        }
    }
}
