using System.Runtime.InteropServices;

namespace NearCache.Checker;

/// <summary>A record of the log, of fixed size: after a kill all records except the last are complete.</summary>
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

/// <summary>The kind of a record.</summary>
public enum OperationKind : byte
{
    /// <summary>A read that the near tier answered.</summary>
    NearHit = 1,

    /// <summary>A read that memcached answered.</summary>
    RemoteHit = 2,

    /// <summary>A read that found nothing, or failed.</summary>
    Miss = 3,

    /// <summary>A write is about to be sent. Its outcome is unknown until its end is logged.</summary>
    WriteBegins = 4,

    /// <summary>A write that was done.</summary>
    WriteDone = 5,

    /// <summary>A write that failed for certain.</summary>
    WriteFailed = 6,

    /// <summary>A write with an unknown outcome: it may have happened, or may happen later.</summary>
    WriteUnknown = 7,
}
