using Microsoft.Extensions.Logging;

namespace NearCache.Diagnostics;

/// <summary>Counts the log events of level Warning and above by id, whether the application collects logs or not.</summary>
internal sealed class WarningCounts
{
    private readonly BoundedCounts<int> _counts = new();

    /// <summary>Returns the present counts.</summary>
    public IReadOnlyDictionary<int, long> Snapshot() => _counts.Snapshot();

    /// <summary>Returns a logger that counts, and passes on what the given logger takes.</summary>
    public ILogger Count(ILogger logger) => new CountingLogger(logger, _counts);

    private sealed class CountingLogger(ILogger inner, BoundedCounts<int> counts) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel is >= LogLevel.Warning and < LogLevel.None || inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is >= LogLevel.Warning and < LogLevel.None)
            {
                counts.Add(eventId.Id);
            }

            if (inner.IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
