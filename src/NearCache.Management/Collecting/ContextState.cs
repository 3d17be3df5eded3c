using NearCache.Management.Core;

namespace NearCache.Management.Collecting;

/// <summary>What the console knows of a fleet by its last reading. Immutable.</summary>
internal sealed record ContextState
{
    /// <summary>Gets the fleet.</summary>
    public required ConsoleContext Context { get; init; }

    /// <summary>Gets the verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Gets the limits of the settings.</summary>
    public required FleetLimits Limits { get; init; }

    /// <summary>Gets the last reading; null if there is none.</summary>
    public FleetReading? Reading { get; init; }

    /// <summary>Gets the rates up to it; null if there is no reading.</summary>
    public FleetRates? Rates { get; init; }

    /// <summary>Gets the figures of the reading; null if there is none.</summary>
    public HistoryPoint? Point { get; init; }

    /// <summary>Gets the figures an hour before; null if they are not known.</summary>
    public HistoryPoint? HourAgo { get; init; }

    /// <summary>Gets the last change that an author made; null if none is known.</summary>
    public Change? LastChange { get; init; }

    /// <summary>Returns the state of a fleet of which nothing is known.</summary>
    public static ContextState Unread(ConsoleContext context, FleetLimits limits, string reason) => new()
    {
        Context = context,
        Limits = limits,
        Verdict = Verdict.Unknown(reason),
    };
}
