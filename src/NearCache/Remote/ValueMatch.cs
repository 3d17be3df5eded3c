namespace NearCache.Remote;

/// <summary>What an item is to whoever asks for it as a type.</summary>
internal enum ValueMatch
{
    /// <summary>Somebody else's, or of a newer format.</summary>
    Foreign,

    /// <summary>Of another type.</summary>
    OtherKind,

    /// <summary>A null.</summary>
    Null,

    /// <summary>Bytes that the codec reads.</summary>
    Value,
}
