using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

internal enum CommandKind
{
    Get,
    Set,
    Remove,
    BumpSegment,
    BumpTotal,
    ReadTotal,
    ReadSegment,
    CreateTotal,
    CreateSegment,
    SetLog,
    GetLog,
}

/// <summary>One command of a request.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Argument">The key, the segment, or the number of the mutation.</param>
/// <param name="Record">For SetLog: the record to store.</param>
/// <param name="Write">For Set, Remove, and the last increment of the write: the write.</param>
internal readonly record struct Command(CommandKind Kind, long Argument = 0, LogRecord Record = default, Write? Write = null);

/// <summary>The reply to a command: a number, or nothing if the item is missing.</summary>
internal readonly record struct Reply(long? Number, LogRecord? Record = null, ulong Cas = 0);

/// <summary>One write of one key.</summary>
internal sealed class Write(int key)
{
    public int Key { get; } = key;

    /// <summary>0 until memcached executed it.</summary>
    public int Version { get; set; }

    public long ExecutedAt { get; set; }

    public int Remaining { get; set; } = 3;
}
