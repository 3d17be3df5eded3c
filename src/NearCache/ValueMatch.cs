namespace NearCache;

/// <summary>What an item is to whoever asks for it as a type.</summary>
public enum ValueMatch
{
    /// <summary>Somebody else's, or of a newer format: a miss, counted with the reason <c>foreign</c>.</summary>
    Foreign = 0,

    /// <summary>Of another type: a miss, counted with the reason <c>kind</c>.</summary>
    OtherKind = 1,

    /// <summary>A null; its bytes are not looked at.</summary>
    Null = 2,

    /// <summary>Bytes that the codec reads.</summary>
    Value = 3,
}
