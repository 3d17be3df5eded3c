namespace NearCache.Memcached.Protocol;

/// <summary>
/// One command of memcached's meta protocol, as a value. What the fields mean depends on <see cref="Kind"/>; make it by the factories.
/// </summary>
/// <remarks>Source: memcached, doc/protocol.txt, "Meta commands". The wire form of each kind stands beside its writer.</remarks>
public readonly record struct MetaCommand
{
    /// <summary>Get, set, delete, arithmetic or no-op.</summary>
    public required MetaCommandKind Kind { get; init; }

    /// <summary>The key: 1 to 250 bytes, none of them a space, a control character or DEL (unless <see cref="IsBinaryKey"/>).</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value to store (set). It must not change until the reply has come.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>What the reply shall carry.</summary>
    public MetaFields Return { get; init; }

    /// <summary>Set: store always, only if absent, and so on. Default: <see cref="MetaSetMode.Set"/>.</summary>
    public MetaSetMode Mode { get; init; }

    /// <summary>Set: the 32 bits that memcached keeps with the item. Default 0.</summary>
    public uint ClientFlags { get; init; }

    /// <summary>
    /// T: seconds to live. Set: 0 keeps for ever, which is the default; get, arithmetic, delete (with <see cref="Invalidate"/>): touches.
    /// Null: not sent.
    /// </summary>
    public int? TimeToLive { get; init; }

    /// <summary>
    /// N: on a miss make an empty item that lives so many seconds, and give this caller the win (get); or make the counter (arithmetic).
    /// </summary>
    public int? Vivify { get; init; }

    /// <summary>R: give one caller the win when fewer seconds than this are left (get).</summary>
    public int? Recache { get; init; }

    /// <summary>C: only if the item's CAS is this.</summary>
    public ulong? CompareCas { get; init; }

    /// <summary>I: delete marks stale instead of deleting; set with an older CAS stores as stale.</summary>
    public bool Invalidate { get; init; }

    /// <summary>D: by how much (arithmetic). Default 0; see the factories.</summary>
    public ulong Delta { get; init; }

    /// <summary>J: the value of a counter that <see cref="Vivify"/> makes.</summary>
    public ulong Initial { get; init; }

    /// <summary>Arithmetic: count down, not below 0, instead of up.</summary>
    public bool Decrement { get; init; }

    /// <summary>b: the key is any bytes and travels as base64: at most 186 bytes.</summary>
    public bool IsBinaryKey { get; init; }

    /// <summary>mg.</summary>
    public static MetaCommand Get(ReadOnlyMemory<byte> key, MetaFields fields = MetaFields.Value) =>
        new() { Kind = MetaCommandKind.Get, Key = key, Return = fields };

    /// <summary>ms.</summary>
    public static MetaCommand Set(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, int? timeToLive = null) =>
        new() { Kind = MetaCommandKind.Set, Key = key, Value = value, TimeToLive = timeToLive };

    /// <summary>md.</summary>
    public static MetaCommand Delete(ReadOnlyMemory<byte> key) => new() { Kind = MetaCommandKind.Delete, Key = key };

    /// <summary>ma, counting up by <paramref name="delta"/> and returning the new value.</summary>
    public static MetaCommand Increment(ReadOnlyMemory<byte> key, ulong delta = 1) =>
        new() { Kind = MetaCommandKind.Arithmetic, Key = key, Delta = delta, Return = MetaFields.Value };

    /// <summary>mn.</summary>
    public static MetaCommand NoOp() => new() { Kind = MetaCommandKind.NoOp };
}

/// <summary>The meta commands.</summary>
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

/// <summary>The modes of ms (flag M).</summary>
public enum MetaSetMode
{
    /// <summary>Stores whatever is there.</summary>
    Set,

    /// <summary>ME: only if the key is absent.</summary>
    Add,

    /// <summary>MR: only if the key is there.</summary>
    Replace,

    /// <summary>MA: behind the value that is there.</summary>
    Append,

    /// <summary>MP: before the value that is there.</summary>
    Prepend,
}

/// <summary>What a reply shall carry.</summary>
[Flags]
public enum MetaFields
{
    /// <summary>The status only.</summary>
    None = 0,

    /// <summary>v: the value.</summary>
    Value = 1,

    /// <summary>f: the client flags.</summary>
    ClientFlags = 2,

    /// <summary>c: the CAS.</summary>
    Cas = 4,

    /// <summary>t: seconds left to live.</summary>
    TimeToLive = 8,

    /// <summary>l: seconds since the last access.</summary>
    LastAccess = 16,

    /// <summary>s: the value's size.</summary>
    Size = 32,

    /// <summary>h: whether it was read before.</summary>
    WasHit = 64,
}
