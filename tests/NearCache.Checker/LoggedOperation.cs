using System.Runtime.InteropServices;

namespace NearCache.Checker;

/// <summary>A line of the log, of fixed size, so that a process that was killed leaves all but its last one whole.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct LoggedOperation
{
    public OperationKind Kind;

    public int Key;

    public long Value;

    /// <summary>When the call was made: the machine's monotonic clock, which all processes share.</summary>
    public long Called;

    /// <summary>When it returned.</summary>
    public long Returned;
}

/// <summary>What a line of the log says.</summary>
public enum OperationKind : byte
{
    /// <summary>A read that the near tier answered.</summary>
    NearHit = 1,

    /// <summary>A read that memcached answered.</summary>
    RemoteHit = 2,

    /// <summary>A read that found nothing, or failed.</summary>
    Miss = 3,

    /// <summary>A write is about to be sent: until its end is logged, nobody knows whether it was done.</summary>
    WriteBegins = 4,

    /// <summary>A write that was done.</summary>
    WriteDone = 5,

    /// <summary>A write that failed for certain.</summary>
    WriteFailed = 6,

    /// <summary>A write of which nobody knows whether it was done, or will be.</summary>
    WriteUnknown = 7,
}
