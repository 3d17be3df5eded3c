namespace NearCache.Remote.Formats;

/// <summary>Specifies the encoding of a value.</summary>
internal enum ValueKind : byte
{
    /// <summary>JSON, UTF-8.</summary>
    Json = 0,

    /// <summary>A string as UTF-8.</summary>
    Text = 1,

    /// <summary>Bytes unchanged.</summary>
    Bytes = 2,

    /// <summary>A null of any type; no bytes.</summary>
    Null = 3,

    /// <summary>An entry of <c>HybridCache</c>: the versions of its tags, then its value.</summary>
    Hybrid = 4,

    /// <summary>An entry of <c>IDistributedCache</c>: its expirations, then its value.</summary>
    Distributed = 5,

    /// <summary>JSON, UTF-8, of a type with public fields. Under <see cref="Json"/> such a type was written without its fields.</summary>
    JsonFields = 6,

    /// <summary>As <see cref="Hybrid"/>, with the value as <see cref="JsonFields"/>.</summary>
    HybridFields = 7,
}
