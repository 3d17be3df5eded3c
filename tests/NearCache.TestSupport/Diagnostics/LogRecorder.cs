using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NearCache.TestSupport.Diagnostics;

/// <summary>Keeps what was logged, with the events' ids.</summary>
/// <param name="least">What is less than this is not kept.</param>
public sealed class LogRecorder(LogLevel least = LogLevel.Warning) : ILoggerFactory, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text, Exception? Exception)> _said = [];
    private readonly ConcurrentQueue<string> _categories = [];

    /// <summary>The categories of the loggers that were asked for.</summary>
    public string[] Categories => _categories.ToArray();

    /// <summary>The ids of the events, in their order.</summary>
    public int[] Ids => [.. _said.Select(said => said.Id)];

    /// <summary>The texts, in their order.</summary>
    public string[] Texts => [.. _said.Select(said => said.Text)];

    /// <summary>The texts that were logged under an id.</summary>
    public string[] Of(int id) => [.. _said.Where(said => said.Id == id).Select(said => said.Text)];

    /// <summary>The exceptions that were logged under an id; null where there is none.</summary>
    public Exception?[] ExceptionsOf(int id) => [.. _said.Where(said => said.Id == id).Select(said => said.Exception)];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        _categories.Enqueue(categoryName);
        return this;
    }

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held.
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (IsEnabled(logLevel))
        {
            _said.Enqueue((eventId.Id, formatter(state, exception), exception));
        }
    }
}
