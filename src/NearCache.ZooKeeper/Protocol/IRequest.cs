namespace NearCache.ZooKeeper.Protocol;

/// <summary>
/// A request record, and how to read its reply. Implemented by small structs, so that a call does not allocate the request.
/// </summary>
/// <remarks>
/// The folder <c>Protocol</c> has one file per message. Its types convert between values and bytes; they use no socket, clock or logger.
/// </remarks>
internal interface IRequest<out TReply>
{
    /// <summary>
    /// Gets a value that indicates whether the request changes the server. Its outcome is unknown if the connection is lost.
    /// </summary>
    static virtual bool IsWrite => false;

    /// <summary>
    /// Gets a value that indicates whether the error NoNode is a valid reply, with the default value, instead of an error.
    /// </summary>
    static virtual bool AllowsNoNode => false;

    OperationCode Code { get; }

    /// <summary>Gets the path as the caller passed it, for exceptions; null if the request has none.</summary>
    string? Path { get; }

    /// <summary>Writes the record, without the header.</summary>
    void WriteTo(JuteWriter writer);

    /// <summary>Reads the response record. Called only if the header has no error.</summary>
    TReply ReadReply(ref JuteReader reader);
}

/// <summary>The reply of a request that the server answers by a header alone.</summary>
internal readonly struct EmptyReply;
