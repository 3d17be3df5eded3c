using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace NearCache.RabbitMq;

/// <summary>An open connection to a broker. It ends once, and is not repaired.</summary>
internal sealed class OpenConnection : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private volatile string? _blocked;

    public OpenConnection(IConnection connection, Socket? socket, TimeProvider time)
    {
        (Connection, Socket, _time, OpenedAt) = (connection, socket, time, time.GetUtcNow());
        (Local, Remote) = (EndPointOf(() => socket?.LocalEndPoint), EndPointOf(() => socket?.RemoteEndPoint));
        connection.ConnectionBlockedAsync += OnBlockedAsync;
        connection.ConnectionUnblockedAsync += OnUnblockedAsync;
    }

    public IConnection Connection { get; }

    public Socket? Socket { get; }

    public DateTimeOffset OpenedAt { get; }

    public IPEndPoint? Local { get; }

    public IPEndPoint? Remote { get; }

    /// <summary>Gets why the broker accepts no messages for now; null if it accepts them.</summary>
    /// <remarks>The broker tells it once for a connection, so that a channel that is opened later needs it from here.</remarks>
    public string? Blocked => _blocked;

    /// <summary>Says goodbye to the broker for at most a second, and closes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        await LimitedClose.RunAsync(CloseAsync, _time).ConfigureAwait(false);

        // Without a socket nothing of the client library waits for the broker. Its receive loop ends, before what it uses is disposed.
        Socket?.Dispose();
        await LimitedClose.RunAsync(CloseAsync, _time).ConfigureAwait(false);
        await LimitedClose.RunAsync(_ => Connection.DisposeAsync().AsTask(), _time).ConfigureAwait(false);
    }

    private Task CloseAsync(CancellationToken cancellationToken) =>
        Connection.CloseAsync(Constants.ReplySuccess, "closed", LimitedClose.Limit, abort: true, cancellationToken);

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs blocked)
    {
        _blocked = $"the broker accepts no messages: {blocked.Reason}";
        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs unblocked)
    {
        _blocked = null;
        return Task.CompletedTask;
    }

    private static IPEndPoint? EndPointOf(Func<EndPoint?> read)
    {
        try
        {
            return read() as IPEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
