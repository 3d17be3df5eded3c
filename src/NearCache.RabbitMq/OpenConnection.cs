using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace NearCache.RabbitMq;

/// <summary>An open connection to a broker. It ends once, and is not repaired.</summary>
internal sealed class OpenConnection : IAsyncDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

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
        try
        {
            using var limit = new CancellationTokenSource(CloseLimit, _time);
            await Connection.CloseAsync(Constants.ReplySuccess, "closed", CloseLimit, abort: true, limit.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It had ended already, or the broker does not reply.
        }

        Socket?.Dispose();
        await Connection.DisposeAsync().AsTask().WaitAsync(CloseLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

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
