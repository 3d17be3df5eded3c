namespace NearCache.TestSupport.Diagnostics;

/// <summary>Fails the run of a test assembly in which a task failed and its exception was never observed.</summary>
/// <remarks>
/// An assembly fixture of every test project. Such an exception has no caller left to receive it: in an application it is lost, or ends in
/// <see cref="TaskScheduler.UnobservedTaskException"/>, where nothing tells which call it belongs to.
/// </remarks>
public sealed class UnobservedExceptions : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Exception> _first = [];   // 20 say which calls they belong to
    private int _count;

    /// <summary>Begins to collect what is unobserved.</summary>
    public UnobservedExceptions() => TaskScheduler.UnobservedTaskException += Add;

    /// <summary>Collects all abandoned tasks, and throws when one of them failed unobserved.</summary>
    /// <exception cref="AggregateException">A task's exception was never observed.</exception>
    public void Dispose()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        TaskScheduler.UnobservedTaskException -= Add;
        lock (_lock)
        {
            if (_count > 0)
            {
                throw new AggregateException($"{_count} task exceptions were never observed.", _first);
            }
        }
    }

    private void Add(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        lock (_lock)
        {
            _count++;
            if (_first.Count < 20)
            {
                _first.Add(e.Exception);
            }
        }
    }
}
