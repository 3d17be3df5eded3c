using Microsoft.Extensions.Logging;

namespace NearCache.TestSupport.Diagnostics;

/// <summary>A logger that blocks the thread that logs an event until it is released: holds code at a known point.</summary>
public sealed class HoldingLogger : ILoggerFactory, ILogger
{
    // Not disposed: a thread may be about to wait for it.
    private readonly ManualResetEventSlim _release = new();
    private volatile int _id = -1;

    /// <summary>Gets the event that is set when a thread is held.</summary>
    public ManualResetEventSlim IsHeld { get; } = new();

    /// <summary>Holds each thread that logs the event from now on.</summary>
    public void Hold(int id) => _id = id;

    /// <summary>Releases the held threads, and holds no thread any more.</summary>
    public void Release() => _release.Set();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <summary>Releases the held threads.</summary>
    public void Dispose() => Release();

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == _id)
        {
            IsHeld.Set();
            _release.Wait();
        }
    }
}
