using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NearCache.Transport.Readiness;

/// <summary>Wraps Linux's <c>epoll</c> (<c>man 7 epoll</c>). One instance reports the readiness of any number of sockets.</summary>
internal static unsafe partial class Epoll
{
    public const uint In = 0x1;
    public const uint Out = 0x4;

    /// <summary>Reported even if not requested: the peer has closed the connection, or the socket failed.</summary>
    public const uint ErrorOrHangUp = 0x8 | 0x10;

    // Each registration reports one event, and must then be renewed.
    private const uint OneShot = 1u << 30;

    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;
    private const int Interrupted = 4;

    // struct epoll_event { uint32_t events; uint64_t data; }: packed on x64, naturally aligned elsewhere.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;

    /// <summary>
    /// Creates an epoll instance. Returns false if libc is not available under this name, or the process has no free descriptor.
    /// </summary>
    public static bool TryCreate(out int list)
    {
        try
        {
            list = epoll_create1(CloseOnExec);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            list = -1;
        }

        return list >= 0;
    }

    /// <summary>Requests the next of <paramref name="events"/> of a socket, to be reported with <paramref name="number"/>.</summary>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static void Arm(int list, SafeSocketHandle socket, uint events, long number, bool isFirst)
    {
        var isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            var bytes = stackalloc byte[16];
            *(uint*)bytes = events | OneShot;
            Marshal.WriteInt64((nint)(bytes + DataOffset), number);
            if (epoll_ctl(list, isFirst ? Add : Modify, (int)socket.DangerousGetHandle(), bytes) < 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary>Blocks the thread until an event occurs, and returns the event and the number of its socket.</summary>
    public static void Wait(int list, out uint events, out long number)
    {
        var bytes = stackalloc byte[16];
        while (epoll_wait(list, bytes, 1, -1) != 1)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }

        events = *(uint*)bytes;
        number = Marshal.ReadInt64((nint)(bytes + DataOffset));
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_ctl(int list, int operation, int socket, byte* one);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_wait(int list, byte* all, int most, int milliseconds);
}
