using Microsoft.Extensions.Logging;

namespace NearCache.Diagnostics;

/// <summary>Counts the log events of level Warning and above by id, whether the application collects logs or not.</summary>
/// <param name="others">Counts of other events that belong to these: those of the clients, which several caches share.</param>
internal sealed class WarningCounts(WarningCounts? others = null)
{
    private readonly BoundedCounts<int> _counts = new();

    /// <summary>Returns the present counts.</summary>
    public IReadOnlyDictionary<int, long> Snapshot() => others is null
        ? _counts.Snapshot()
        : _counts.Snapshot().Concat(others.Snapshot())
            .GroupBy(one => one.Key, one => one.Value)
            .ToDictionary(counts => counts.Key, counts => counts.Sum());

    /// <summary>Returns a logger that counts, and passes on what the given logger takes.</summary>
    public ILogger Count(ILogger logger) => new CountingLogger(logger, _counts);

    /// <summary>Returns a factory of such loggers.</summary>
    public ILoggerFactory Count(ILoggerFactory factory) => new CountingFactory(factory, this);

    private sealed class CountingFactory(ILoggerFactory inner, WarningCounts counts) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => counts.Count(inner.CreateLogger(categoryName));

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
            // The application owns the inner factory.
        }
    }

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
