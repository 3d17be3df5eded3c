using System.Runtime.InteropServices;

namespace NearCache.Checker;

/// <summary>The log of one process, to a file.</summary>
internal sealed class OperationLog(string path) : IDisposable
{
    private readonly Lock _lock = new();   // guards the file
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);

    public void Add(OperationKind kind, int key, long value, long called, long returned)
    {
        var entry = new LoggedOperation { Kind = kind, Key = key, Value = value, Called = called, Returned = returned };
        lock (_lock)
        {
            _file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<LoggedOperation>(in entry)));
        }
    }

    /// <summary>Flushes all records to the file, so that they survive a kill.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _file.Flush();
        }
    }

    public void Dispose() => _file.Dispose();
}
