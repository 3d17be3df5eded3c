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
/// <param name="Kind">What.</param>
/// <param name="Argument">The key, the segment, or the number of the mutation.</param>
/// <param name="Record">SetLog: what to store.</param>
/// <param name="Write">Set, Remove, and the last bump of the write: which write it belongs to.</param>
internal readonly record struct Command(CommandKind Kind, long Argument = 0, LogRecord Record = default, Write? Write = null);

/// <summary>What a command answered: a number, or nothing when the item is absent.</summary>
internal readonly record struct Reply(long? Number, LogRecord? Record = null);

/// <summary>One write of one key.</summary>
internal sealed class Write(int key)
{
    public int Key { get; } = key;

    /// <summary>0 until memcached executed it.</summary>
    public int Version { get; set; }

    public long ExecutedAt { get; set; }

    public int Remaining { get; set; } = 3;
}
