using System.Collections.Concurrent;
using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;

namespace NearCache.Management.Api;

/// <summary>The streams of the rows of fleets. Viewers that may see the same fleets share one.</summary>
internal sealed class OverviewStreams
{
    private readonly ConcurrentDictionary<string, (LiveStream Stream, ConsoleFleet[] Fleets)> _streams = new(StringComparer.Ordinal);

    /// <param name="console">The console.</param>
    public OverviewStreams(ConsoleService console)
    {
        foreach (var fleet in console.Fleets)
        {
            fleet.Collector.Read += _ => Send(fleet);
            fleet.Collector.HasViewers = () => fleet.Live.Count > 0 || IsShown(fleet);
        }
    }

    /// <summary>Returns the rows of fleets, the worst first.</summary>
    public static ContextsModel Rows(IEnumerable<ConsoleFleet> fleets) => new(
    [
        .. fleets.Select(fleet => fleet.Collector.State)
            .OrderByDescending(state => state.Verdict.Level)
            .ThenBy(state => state.Context.Name, StringComparer.Ordinal)
            .Select(OverviewMapping.Row),
    ]);

    /// <summary>Encodes the rows of fleets as an event.</summary>
    public static byte[] Encode(IEnumerable<ConsoleFleet> fleets) =>
        ConsoleFleet.Encode("contexts", Rows(fleets), ConsoleJson.Default.ContextsModel);

    /// <summary>Returns the stream of fleets.</summary>
    public LiveStream Of(IReadOnlyCollection<ConsoleFleet> fleets) => _streams.GetOrAdd(
        string.Join('\n', fleets.Select(fleet => fleet.Context.Name)), _ => (new LiveStream(), [.. fleets])).Stream;

    private bool IsShown(ConsoleFleet fleet) => _streams.Values.Any(shown => shown.Stream.Count > 0 && shown.Fleets.Contains(fleet));

    private void Send(ConsoleFleet fleet)
    {
        foreach (var (stream, fleets) in _streams.Values)
        {
            if (stream.Count > 0 && fleets.Contains(fleet))
            {
                stream.Send(Encode(fleets));
            }
        }
    }
}
