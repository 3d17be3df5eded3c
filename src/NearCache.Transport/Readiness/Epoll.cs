using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NearCache.Transport.Readiness;

/// <summary>Linux' own list of sockets to wait for.</summary>
// man 7 epoll
internal static unsafe partial class Epoll
{
    public const uint In = 0x1;
    public const uint Out = 0x4;

    /// <summary>Told whether one asked for it or not: the peer has closed, or the socket failed.</summary>
    public const uint ErrorOrHangUp = 0x8 | 0x10;

    // Told once; then the socket is asked for again.
    private const uint OneShot = 1u << 30;

    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;
    private const int Interrupted = 4;

    // struct epoll_event { uint32_t events; uint64_t data; }: packed on x64, as the compiler lays it out elsewhere.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;

    /// <summary>Makes a list. False where the system's library has another name, or the process may open no more.</summary>
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

    /// <summary>Asks for the next of <paramref name="events"/> of a socket, which is told with <paramref name="number"/>.</summary>
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

    /// <summary>Waits until something has happened, and says what and to whom. This blocks the thread.</summary>
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
