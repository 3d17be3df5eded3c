using System.Globalization;
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
                options.Hosts[i],
                "a host, or host:port with a port from 1 to 65535, without a scheme");
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
        var colon = host.LastIndexOf(':');
        if (colon > 0 && (host.IndexOf(':', StringComparison.Ordinal) == colon || host[colon - 1] == ']'))
        {
            if (!int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)
            {
                return false;
            }

            host = host[..colon];
        }

        host = host.Trim('[', ']');
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
