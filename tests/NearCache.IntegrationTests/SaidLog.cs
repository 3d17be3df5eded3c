using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NearCache.IntegrationTests;

/// <summary>Keeps what was logged as warnings and errors, with the events' ids.</summary>
internal sealed class SaidLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text)> _said = [];

    /// <summary>The texts that were logged under an id.</summary>
    public string[] Of(int id) => [.. _said.Where(said => said.Id == id).Select(said => said.Text)];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // Nothing is held.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _said.Enqueue((eventId.Id, formatter(state, exception)));
        }
    }
}
