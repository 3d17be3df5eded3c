using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NearCache.RabbitMq;

/// <summary>The TCP connection of a process to a broker, which all its caches with equal settings share, each with a channel.</summary>
/// <remarks>
/// Thread-safe. It is opened by the first cache that needs it, and opened again by the first that needs it after it was lost.
/// </remarks>
internal sealed class SharedConnection(RabbitMqOptions options, TimeProvider time) : IAsyncDisposable, IDisposable
{
    // The most bytes of a frame and of a message. A message of a cache has at most 10,238 bytes; the connection ends at a larger one of
    // another program. The client library reads headers by recursion, with up to 500 bytes of the stack for each level of five bytes: those
    // of a frame of the usual 128 KiB overflow the stack, which ends the process.
    private const uint MaxMessage = 10 << 10;

    private const string NoAnswer = "no answer within ConnectTimeout";

    private readonly SemaphoreSlim _opening = new(1);
    private volatile OpenConnection? _open;
    private volatile bool _isDisposed;

    /// <summary>Returns the open connection, and opens it if there is none.</summary>
    /// <exception cref="RabbitMqException">No node accepted the connection.</exception>
    public async Task<OpenConnection> GetAsync(string clientName, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_open is { Connection.IsOpen: true } open)
            {
                return open;
            }

            if (_open is { } ended)
            {
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            return _open = await OpenAsync(clientName, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_open is { } open)
            {
                await open.DisposeAsync().ConfigureAwait(false);
                _open = null;
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Closes the socket at once, and waits for nothing.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _open?.Socket?.Dispose();
    }

    // In random order, so that the processes of a fleet spread over the nodes. Each node has a time of its own, so that one which does not
    // reply takes nothing from the next one.
    private async Task<OpenConnection> OpenAsync(string clientName, CancellationToken cancellationToken)
    {
        var hosts = options.Hosts.ToArray();
        Random.Shared.Shuffle(hosts);
        var failures = new List<Exception>();
        var reasons = new List<string>();
        foreach (var host in hosts)
        {
            using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                return await OpenAsync(EndPointOf(host), clientName, either.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                failures.Add(e);
                reasons.Add($"{host}: {(limit.IsCancellationRequested ? NoAnswer : Reason(e))}");
            }
        }

        throw new RabbitMqException(
            $"no connection to RabbitMQ (virtual host \"{options.VirtualHost}\", user \"{options.UserName}\") at "
                + string.Join("; at ", reasons),
            new AggregateException(failures));
    }

    private async Task<OpenConnection> OpenAsync(AmqpTcpEndpoint endPoint, string clientName, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        var factory = new ConnectionFactory
        {
            UserName = options.UserName,
            Password = options.Password,
            VirtualHost = options.VirtualHost,
            ClientProvidedName = clientName,
            RequestedHeartbeat = options.Heartbeat,
            RequestedConnectionTimeout = options.ConnectTimeout,
            HandshakeContinuationTimeout = options.ConnectTimeout,
            ContinuationTimeout = options.ConnectTimeout,

            // The loop of the cache reconnects: two owners would fight.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            ConsumerDispatchConcurrency = 1,
            MaxInboundMessageBodySize = MaxMessage,
            SocketFactory = family =>
            {
                socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                return new TcpClientAdapter(socket);
            },
        };

        // The client library says goodbye to a node for five seconds, even to one that never replied.
        await using var closing = cancellationToken.Register(() => Volatile.Read(ref socket)?.Dispose()).ConfigureAwait(false);
        try
        {
            var connection = await factory.CreateConnectionAsync([endPoint], clientName, cancellationToken).ConfigureAwait(false);
            return new OpenConnection(connection, socket, time);
        }
        catch (Exception)
        {
            socket?.Dispose();
            throw;
        }
    }

    private AmqpTcpEndpoint EndPointOf(string text)
    {
        RabbitMqOptionsValidator.TryParse(text, options.Tls is not null, out var host, out var port);
        return new AmqpTcpEndpoint(host, port, TlsOf(host), MaxMessage);
    }

    private SslOption TlsOf(string host)
    {
        if (options.Tls is not { } tls)
        {
            return new SslOption { Enabled = false };
        }

        return new SslOption
        {
            Enabled = true,
            ServerName = tls.TargetHost ?? host,
            Version = tls.EnabledSslProtocols,
            Certs = tls.ClientCertificates,
            CertificateValidationCallback = tls.RemoteCertificateValidationCallback,
            CertificateSelectionCallback = tls.LocalCertificateSelectionCallback,
            CheckCertificateRevocation =
                tls.CertificateRevocationCheckMode != System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
    }

    /// <summary>Describes why the broker could not be used, as a clause.</summary>
    internal static string Reason(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case AuthenticationFailureException or PossibleAuthenticationFailureException:
                    return $"the login was refused (UserName, Password): {inner.Message}";
                case OperationInterruptedException { ShutdownReason: { } reason }:
                    return $"{reason.ReplyCode} {reason.ReplyText}";
            }
        }

        var root = exception.GetBaseException();
        return root is OperationCanceledException or TimeoutException ? NoAnswer : root.Message;
    }
}

/// <summary>A failure of the broker. The message names the nodes and the setting that would change it.</summary>
internal sealed class RabbitMqException(string message, Exception? inner = null) : Exception(message, inner);
