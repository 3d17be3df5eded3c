namespace NearCache.Memcached.Protocol;

/// <summary>
/// Represents one command of memcached's meta protocol. The meaning of the properties depends on <see cref="Kind"/>; create commands by the
/// factory methods.
/// </summary>
/// <remarks>Source: memcached, doc/protocol.txt, "Meta commands". The letters name the flags of the protocol.</remarks>
public readonly record struct MetaCommand
{
    /// <summary>Gets the kind of the command: get, set, delete, arithmetic or no-op.</summary>
    public required MetaCommandKind Kind { get; init; }

    /// <summary>
    /// Gets the key: 1 to 250 bytes without spaces, control characters and DEL (unless <see cref="IsBinaryKey"/> is true).
    /// </summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Gets the value to store (set). It must not change until the call has completed.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Gets the fields that the reply contains.</summary>
    public MetaFields Return { get; init; }

    /// <summary>Gets the condition under which a set stores the value. The default is <see cref="MetaSetMode.Set"/>.</summary>
    public MetaSetMode Mode { get; init; }

    /// <summary>Gets the 32 bits that memcached stores with the item (set). The default is 0.</summary>
    public uint ClientFlags { get; init; }

    /// <summary>
    /// Gets the time to live in seconds (T). Set: 0, the default, is unlimited. Get, arithmetic, and delete with <see cref="Invalidate"/>:
    /// changes the item's time to live. Null is not sent.
    /// </summary>
    public int? TimeToLive { get; init; }

    /// <summary>
    /// Gets the time to live in seconds of the item that a miss creates (N). Get: the item is empty and this caller becomes the winner.
    /// Arithmetic: the item is the counter.
    /// </summary>
    public int? Vivify { get; init; }

    /// <summary>Gets the remaining time to live in seconds below which one caller becomes the winner (R, get).</summary>
    public int? Recache { get; init; }

    /// <summary>
    /// Gets a value that indicates whether a get leaves the time of the last access and the place of the item in the order of eviction
    /// unchanged (u). A stale item still makes its first reader the winner.
    /// </summary>
    public bool IsPeek { get; init; }

    /// <summary>Gets the CAS that the item must have (C).</summary>
    public ulong? CompareCas { get; init; }

    /// <summary>
    /// Gets a value that indicates whether a delete marks the item as stale instead, and whether a set with an older CAS stores its value
    /// as stale (I).
    /// </summary>
    public bool Invalidate { get; init; }

    /// <summary>Gets the amount of arithmetic (D). The default is 0; the factory methods set 1.</summary>
    public ulong Delta { get; init; }

    /// <summary>Gets the initial value of a counter that <see cref="Vivify"/> creates (J).</summary>
    public ulong Initial { get; init; }

    /// <summary>Gets a value that indicates whether arithmetic decrements, not below 0, instead of incrementing.</summary>
    public bool Decrement { get; init; }

    /// <summary>Gets a value that indicates whether the key is arbitrary bytes, at most 186, and is sent as base64 (b).</summary>
    public bool IsBinaryKey { get; init; }

    /// <summary>Creates a get (mg).</summary>
    public static MetaCommand Get(ReadOnlyMemory<byte> key, MetaFields fields = MetaFields.Value) =>
        new() { Kind = MetaCommandKind.Get, Key = key, Return = fields };

    /// <summary>Creates a set (ms).</summary>
    public static MetaCommand Set(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, int? timeToLive = null) =>
        new() { Kind = MetaCommandKind.Set, Key = key, Value = value, TimeToLive = timeToLive };

    /// <summary>Creates a delete (md).</summary>
    public static MetaCommand Delete(ReadOnlyMemory<byte> key) => new() { Kind = MetaCommandKind.Delete, Key = key };

    /// <summary>Creates an increment by <paramref name="delta"/> that returns the new value (ma).</summary>
    public static MetaCommand Increment(ReadOnlyMemory<byte> key, ulong delta = 1) =>
        new() { Kind = MetaCommandKind.Arithmetic, Key = key, Delta = delta, Return = MetaFields.Value };

    /// <summary>Creates a no-op (mn).</summary>
    public static MetaCommand NoOp() => new() { Kind = MetaCommandKind.NoOp };
}

/// <summary>Specifies a meta command.</summary>
public enum MetaCommandKind
{
    /// <summary>mg</summary>
    Get,

    /// <summary>ms</summary>
    Set,

    /// <summary>md</summary>
    Delete,

    /// <summary>ma</summary>
    Arithmetic,

    /// <summary>mn</summary>
    NoOp,
}

/// <summary>Specifies the condition under which a set stores its value (flag M of ms).</summary>
public enum MetaSetMode
{
    /// <summary>Stores unconditionally.</summary>
    Set,

    /// <summary>ME: stores only if the item does not exist.</summary>
    Add,

    /// <summary>MR: stores only if the item exists.</summary>
    Replace,

    /// <summary>MA: appends to the value of an existing item.</summary>
    Append,

    /// <summary>MP: prepends to the value of an existing item.</summary>
    Prepend,
}

/// <summary>Specifies the fields of a reply. The letters name the flags of the protocol.</summary>
[Flags]
public enum MetaFields
{
    /// <summary>Only the status.</summary>
    None = 0,

    /// <summary>The value (v).</summary>
    Value = 1,

    /// <summary>The client flags (f).</summary>
    ClientFlags = 2,

    /// <summary>The CAS (c).</summary>
    Cas = 4,

    /// <summary>The remaining time to live in seconds (t).</summary>
    TimeToLive = 8,

    /// <summary>The seconds since the last access (l).</summary>
    LastAccess = 16,

    /// <summary>The size of the value (s).</summary>
    Size = 32,

    /// <summary>Whether the item was read before (h).</summary>
    WasHit = 64,
}
