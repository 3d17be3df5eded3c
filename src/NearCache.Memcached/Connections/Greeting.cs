using System.Text;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>Makes a connection and asks for the server's version before anything else.</summary>
/// <remarks>
/// A socket that opens proves little: the system accepts for a server that is stopped, a TLS port stays silent to plain text, and a server at its connection
/// limit says so only then.
/// </remarks>
internal static class Greeting
{
    private const int MaxLineLength = 1024;

    /// <summary>Returns a connection that has answered, and the version.</summary>
    public static async Task<(TransportConnection Connection, string Version)> ConnectAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(settings.Options.ConnectTimeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TransportConnection? connection = null;
        try
        {
            connection = await Connector.ConnectAsync(settings.Address, settings.Transport, settings.Time, either.Token).ConfigureAwait(false);
            await connection.Stream.WriteAsync("version\r\n"u8.ToArray(), either.Token).ConfigureAwait(false);
            var version = await ReadVersionAsync(connection, settings.Server, either.Token).ConfigureAwait(false);
            var greeted = connection;
            connection = null;
            return (greeted, version);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is TimeoutException or OperationCanceledException || limit.IsCancellationRequested))
        {
            throw new MemcachedTimeoutException(
                settings.Server, null, outcomeUnknown: false, nameof(MemcachedOptions.ConnectTimeout), settings.Options.ConnectTimeout, e);
        }
        finally
        {
            connection?.Abort(new IOException("No greeting."));
        }
    }

    private static async Task<string> ReadVersionAsync(TransportConnection connection, string server, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxLineLength];
        for (var length = 0; length < buffer.Length;)
        {
            var count = await connection.Stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw new MemcachedConnectionLostException(server, null, outcomeUnknown: false, "the server closed it before its greeting", null);
            }

            length += count;
            if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is var end and >= 0)
            {
                var line = Encoding.ASCII.GetString(buffer, 0, end).TrimEnd('\r');
                return line.StartsWith("VERSION ", StringComparison.Ordinal) && end == length - 1 ? line["VERSION ".Length..] : throw Refusal(server, line);
            }
        }

        throw new MemcachedProtocolException(server, null, outcomeUnknown: false, "its greeting has no end");
    }

    private static MemcachedException Refusal(string server, string line) => line.StartsWith("ERROR Too many open connections", StringComparison.Ordinal)
        ? new MemcachedServerFullException(server, null)
        : new MemcachedProtocolException(server, null, outcomeUnknown: false, "its answer to 'version' is no version");
}
