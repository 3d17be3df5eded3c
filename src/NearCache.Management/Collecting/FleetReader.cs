using Microsoft.Extensions.Logging;
using NearCache.Management.Core;

namespace NearCache.Management.Collecting;

/// <summary>Reads a summary of a fleet through its client, and connects the client when it is first needed.</summary>
/// <param name="options">The settings of the caches.</param>
/// <param name="isReadOnly">Whether the client refuses to change anything.</param>
/// <param name="loggers">Creates the logger of the client.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetReader(NearCacheOptions options, bool isReadOnly, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    // Owners take a list of all connections of a server, and the long report of each process.
    private static readonly TimeSpan OwnersFresh = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _connecting = new(1);   // its wait handle is never used, so there is nothing to dispose
    private volatile FleetClient? _client;
    private (long At, IReadOnlyList<ConnectionOwnership> Found) _owners = (0, []);   // of the loop that reads

    /// <summary>Returns the client, and connects it if it is not yet.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are invalid, or name no server.</exception>
    public async Task<FleetClient> ClientAsync(CancellationToken cancellationToken)
    {
        if (_client is { } connected)
        {
            return connected;
        }

        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A stop returns at once; the page follows which processes obey.
            var fleet = new FleetClientOptions { ReadOnly = isReadOnly, ObeyTimeout = TimeSpan.Zero };
            return _client ??= await FleetClient.ConnectAsync(options, fleet, loggers, time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>Reads the summary: one answer of each kind, all at once. Not for concurrent use.</summary>
    public async Task<FleetReading> ReadAsync(CancellationToken cancellationToken)
    {
        var client = await ClientAsync(cancellationToken).ConfigureAwait(false);
        var rules = client.GetRulesAsync(cancellationToken);
        var reports = client.GetReportsAsync(cancellationToken);
        var suspensions = client.GetSuspensionsAsync(cancellationToken);
        var servers = client.GetServersAsync(cancellationToken);
        var ensemble = client.GetEnsembleAsync(cancellationToken);

        // The use is read of the rules that are known by now.
        var known = await rules.ConfigureAwait(false);
        var usage = client.GetUsageAsync(cancellationToken);
        await Task.WhenAll(reports, suspensions, servers, ensemble, usage).ConfigureAwait(false);
        var reading = new FleetReading
        {
            Rules = known,
            Reports = await reports.ConfigureAwait(false),
            Suspensions = await suspensions.ConfigureAwait(false),
            Servers = await servers.ConfigureAwait(false),
            Ensemble = await ensemble.ConfigureAwait(false),
            Usage = await usage.ConfigureAwait(false),
            At = time.GetUtcNow(),
            Monotonic = TimeSpan.FromTicks((long)(time.GetTimestamp() * (double)TimeSpan.TicksPerSecond / time.TimestampFrequency)),
        };
        return reading with { Owners = await OwnersAsync(client, reading, cancellationToken).ConfigureAwait(false) };
    }

    private async Task<IReadOnlyList<ConnectionOwnership>> OwnersAsync(
        FleetClient client, FleetReading reading, CancellationToken cancellationToken)
    {
        if (!ConnectionCount.Of(reading).Any(FleetJudge.IsUnaccounted))
        {
            _owners = (0, []);
        }
        else if (_owners.At == 0 || time.GetElapsedTime(_owners.At) >= OwnersFresh)
        {
            _owners = (time.GetTimestamp(), await client.GetConnectionOwnersAsync(cancellationToken).ConfigureAwait(false));
        }

        return _owners.Found;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } connected)
        {
            await connected.DisposeAsync().ConfigureAwait(false);
        }
    }
}
