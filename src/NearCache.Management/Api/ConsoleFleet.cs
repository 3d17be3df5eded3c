using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Storage;

namespace NearCache.Management.Api;

/// <summary>One fleet of the console, with its readings, its viewers and its cleaner.</summary>
internal sealed class ConsoleFleet : IAsyncDisposable
{
    // The days of a week; one may have megabytes.
    private const int MostDays = 7;

    /// <param name="collector">Reads the fleet.</param>
    /// <param name="store">The stored history; null if nothing is stored.</param>
    /// <param name="isReadOnly">Whether every operation is refused.</param>
    /// <param name="time">The clock.</param>
    public ConsoleFleet(ContextCollector collector, HistoryStore? store, bool isReadOnly, TimeProvider time)
    {
        (Collector, Store, IsReadOnly) = (collector, store, isReadOnly);
        (Shared, Days) = (new SharedReadings(time), new SharedReadings(time, MostDays));
        Cleaner = new CleanerJob(collector.ClientAsync);
        Collector.Read += Send;
    }

    /// <summary>Gets the fleet.</summary>
    public ConsoleContext Context => Collector.Context;

    /// <summary>Gets the readings.</summary>
    public ContextCollector Collector { get; }

    /// <summary>Gets the stored history; null if nothing is stored.</summary>
    public HistoryStore? Store { get; }

    /// <summary>Gets the answers on demand that viewers share.</summary>
    public SharedReadings Shared { get; }

    /// <summary>Gets the stored days that viewers share.</summary>
    public SharedReadings Days { get; }

    /// <summary>Gets a value indicating whether every operation is refused.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Gets the viewers of the first screen.</summary>
    public LiveStream Live { get; } = new();

    /// <summary>Gets the cleaner of leftovers.</summary>
    public CleanerJob Cleaner { get; }

    /// <summary>Encodes an event.</summary>
    public static byte[] Encode<T>(string name, T value, JsonTypeInfo<T> type) =>
        [.. Encoding.ASCII.GetBytes($"event: {name}\ndata: "), .. JsonSerializer.SerializeToUtf8Bytes(value, type), .. "\n\n"u8];

    /// <summary>Encodes the first screen as an event.</summary>
    public static byte[] Encode(ContextState state, DateTimeOffset now) =>
        Encode("overview", OverviewMapping.Overview(state, now), ConsoleJson.Default.OverviewModel);

    public async ValueTask DisposeAsync()
    {
        await Cleaner.DisposeAsync().ConfigureAwait(false);
        await Collector.DisposeAsync().ConfigureAwait(false);
    }

    private void Send(ContextState state)
    {
        if (Live.Count == 0)
        {
            return;
        }

        byte[] point = state.Point is { } figures
            ? Encode("point", new PointModel(figures.At.ToUnixTimeSeconds(), figures.Values), ConsoleJson.Default.PointModel)
            : [];
        Live.Send((byte[])[.. Encode(state, state.Reading?.At ?? default), .. point]);
    }
}
