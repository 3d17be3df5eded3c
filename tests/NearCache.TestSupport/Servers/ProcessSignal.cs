using System.Runtime.InteropServices;

namespace NearCache.TestSupport.Servers;

/// <summary>Signals to processes that tests started. The program <c>kill</c> is not on every machine.</summary>
public static partial class ProcessSignal
{
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal to a process.</summary>
    /// <exception cref="InvalidOperationException">There is no such process, or it may not be signalled.</exception>
    public static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {processId} failed: {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
