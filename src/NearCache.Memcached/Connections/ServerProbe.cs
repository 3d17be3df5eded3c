using System.Net;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Opens short-lived connections to a server, one at a time beside those of the <see cref="ConnectionPool"/>: one to each address of the
/// name.
/// </summary>
/// <remarks>A connection of the pool stays where it is. Only a new one shows where the name leads now.</remarks>
internal sealed class ServerProbe(ConnectionSettings settings) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Connection? _open;

    /// <summary>Resolves the name of the server. An IP address and a Unix domain socket have one address, which is null.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be resolved.</exception>
    public async Task<IReadOnlyList<IPAddress?>> ResolveAsync(CancellationToken cancellationToken)
    {
        var address = settings.Address;
        if (IsAddress)
        {
            return [null];
        }

        var addresses = await settings.Transport.Resolve(address.Host, cancellationToken)
            .WaitAsync(settings.Options.ConnectTimeout, settings.Time, cancellationToken)
            .ConfigureAwait(false);
        return [.. addresses.Distinct()];
    }

    /// <summary>Gets whether the server is written as an IP address or the path of a Unix domain socket.</summary>
    public bool IsAddress => settings.Address.UnixPath is not null || IPAddress.TryParse(settings.Address.Host, out _);

    /// <summary>Executes commands on a new connection to an address, and closes it.</summary>
    /// <param name="address">One of the addresses of the name; null for the only one.</param>
    /// <param name="commands">The commands.</param>
    /// <param name="cancellationToken">Ends the probe.</param>
    /// <exception cref="MemcachedException">There was no answer.</exception>
    public async Task<MetaGroupResult> ExecuteAsync(
        IPAddress? address, ReadOnlyMemory<MetaCommand> commands, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        await _one.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            return await ExecuteAloneAsync(address, commands, either.Token).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Describes the connection of the moment, if there is one. Thread-safe.</summary>
    public IEnumerable<MemcachedConnectionInfo> Describe() =>
        Volatile.Read(ref _open)?.Describe() is { } description ? [description] : [];

    /// <summary>Ends a running probe, and fails later ones. Thread-safe.</summary>
    public void Abort() => _ = _stop.CancelAsync();

    /// <summary>Ends a running probe. Called when the pool is closed.</summary>
    public async ValueTask DisposeAsync() => await _stop.CancelAsync().ConfigureAwait(false);

    private async Task<MetaGroupResult> ExecuteAloneAsync(
        IPAddress? address, ReadOnlyMemory<MetaCommand> commands, CancellationToken cancellationToken)
    {
        var connection = new Connection(address is null ? settings : settings with
        {
            Transport = settings.Transport with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([address]) },
        });
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var failure = ConnectionFailure.NotConnected(settings.Server, e);
            connection.Close(failure);
            cancellationToken.ThrowIfCancellationRequested();
            throw failure.ToException(null, outcomeUnknown: false);
        }

        var running = connection.RunAsync();
        Volatile.Write(ref _open, connection);
        try
        {
            var started = settings.Metrics.GetTimestamp();
            connection.TryQueue(commands.Span, new GroupOptions(HasTimeout: true), this, started, isRetry: false, out var operation);
            return operation is null
                ? throw ConnectionFailure.Closed().ToException(null, outcomeUnknown: false)
                : await operation.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _open, null);
            connection.Abort(ConnectionFailure.Closed());
            await running.ConfigureAwait(false);
        }
    }
}
