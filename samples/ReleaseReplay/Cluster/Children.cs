using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ReleaseReplay.Cluster;

/// <summary>The processes that the replay has started: ends them when it is told to end in the middle of a run.</summary>
internal static class Children
{
    private static readonly HashSet<Process> Running = [];   // guarded by itself

    /// <summary>Ends the processes, and this one, at SIGINT and SIGTERM. Dispose both when the runs are over.</summary>
    public static IReadOnlyList<IDisposable> EndAtSignals() =>
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => EndAll(context, 130)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => EndAll(context, 143)),
    ];

    /// <summary>Starts a process. <see cref="Remove"/> must be called when it has ended.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        // Within the lock, so that no process starts after the others were ended.
        lock (Running)
        {
            var process = Process.Start(start)!;
            Running.Add(process);
            return process;
        }
    }

    /// <summary>Forgets a process that has ended.</summary>
    public static void Remove(Process process)
    {
        lock (Running)
        {
            Running.Remove(process);
        }
    }

    private static void EndAll(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true;
        lock (Running)
        {
            foreach (var process in Running)
            {
                process.Kill();
            }

            Environment.Exit(exitCode);
        }
    }
}
