namespace NearCache.Remote;

/// <summary>The types of BSON that JSON has a counterpart for.</summary>
/// <remarks>https://bsonspec.org/spec.html</remarks>
internal enum BsonType : byte
{
    Double = 0x01,
    Text = 0x02,
    Document = 0x03,
    Array = 0x04,
    Binary = 0x05,
    ObjectId = 0x07,
    Boolean = 0x08,
    Date = 0x09,
    Null = 0x0A,
    Int32 = 0x10,
    Int64 = 0x12,
}
