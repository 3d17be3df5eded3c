namespace NearCache.Observing;

/// <summary>Follows the processes of a fleet until each has obeyed, or cannot say, or the time is over.</summary>
/// <param name="read">Reads the processes, each judged by what it reports.</param>
/// <param name="time">The clock.</param>
internal sealed class ObedienceWatch(Func<CancellationToken, Task<Observed<IReadOnlyList<JudgedProcess>>>> read, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Waits, and returns what the last reading showed.</summary>
    /// <param name="limit">The longest wait. Zero reads once.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Observed<FleetObedience>> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var obedience = (await read(cancellationToken).ConfigureAwait(false))
                .Select(processes => Observed<FleetObedience>.Of(Sum(processes)));

            // Processes that cannot say may report within the time: a new one, or one whose server has returned.
            if (obedience is { IsKnown: true, Value.IsComplete: true } || time.GetElapsedTime(started) + Period > limit)
            {
                return obedience;
            }

            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static FleetObedience Sum(IReadOnlyList<JudgedProcess> processes)
    {
        IReadOnlyList<FleetProcess> Of(bool? obeyed) =>
            [.. processes.Where(process => process.HasObeyed == obeyed).Select(process => process.Process)];
        return new FleetObedience { Obeyed = Of(true), NotYet = Of(false), CannotSay = Of(null) };
    }
}

/// <summary>A process, and whether it has obeyed.</summary>
/// <param name="Process">The process, with a reason if it cannot say.</param>
/// <param name="HasObeyed">Whether it has; null if that is not known.</param>
internal readonly record struct JudgedProcess(FleetProcess Process, bool? HasObeyed);
