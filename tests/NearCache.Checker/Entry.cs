using System.Runtime.InteropServices;

namespace NearCache.Checker;

/// <summary>A line of the log, of fixed size, so that a process that was killed leaves all but its last one whole.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Entry
{
    public EntryKind Kind;

    public int Key;

    public long Value;

    /// <summary>When the call was made: the machine's monotonic clock, which all processes share.</summary>
    public long Called;

    /// <summary>When it returned.</summary>
    public long Returned;
}
