namespace NearCache.ZooKeeper;

/// <summary>Specifies the error codes of servers. A code of a newer server that has no name here keeps its number.</summary>
public enum ZooKeeperErrorCode
{
    /// <summary>No error.</summary>
    Ok = 0,

    /// <summary>The server failed.</summary>
    SystemError = -1,

    /// <summary>The operation of a failed multi was not tried.</summary>
    RuntimeInconsistency = -2,

    /// <summary>The server found contradictory data.</summary>
    DataInconsistency = -3,

    /// <summary>The connection was lost. Never sent by a server.</summary>
    ConnectionLoss = -4,

    /// <summary>The server could not read the request.</summary>
    MarshallingError = -5,

    /// <summary>The server does not know the operation, or its configuration forbids the operation.</summary>
    Unimplemented = -6,

    /// <summary>The operation timed out. Never sent by a server.</summary>
    OperationTimeout = -7,

    /// <summary>The server rejects the arguments.</summary>
    BadArguments = -8,

    /// <summary>The server does not know the session.</summary>
    UnknownSession = -12,

    /// <summary>The new configuration would have no quorum.</summary>
    NewConfigNoQuorum = -13,

    /// <summary>Another change of the configuration is in progress.</summary>
    ReconfigInProgress = -14,

    /// <summary>The first of the codes that concern the request.</summary>
    ApiError = -100,

    /// <summary>The node does not exist.</summary>
    NoNode = -101,

    /// <summary>The access rights forbid the operation.</summary>
    NoAuth = -102,

    /// <summary>The node has another version.</summary>
    BadVersion = -103,

    /// <summary>The parent is ephemeral and cannot have children.</summary>
    NoChildrenForEphemerals = -108,

    /// <summary>The node already exists.</summary>
    NodeExists = -110,

    /// <summary>The node has children.</summary>
    NotEmpty = -111,

    /// <summary>The session has expired.</summary>
    SessionExpired = -112,

    /// <summary>The callback is invalid. Never sent by a server.</summary>
    InvalidCallback = -113,

    /// <summary>The access rights are invalid.</summary>
    InvalidAcl = -114,

    /// <summary>The server refuses the identity.</summary>
    AuthFailed = -115,

    /// <summary>The session has moved to another server.</summary>
    SessionMoved = -118,

    /// <summary>The server serves reads only.</summary>
    NotReadOnly = -119,

    /// <summary>A local session cannot create ephemeral nodes.</summary>
    EphemeralOnLocalSession = -120,

    /// <summary>The watch does not exist.</summary>
    NoWatcher = -121,

    /// <summary>The request timed out on the server.</summary>
    RequestTimeout = -122,

    /// <summary>Changes of the configuration are disabled.</summary>
    ReconfigDisabled = -123,

    /// <summary>The server requires SASL or another authentication first.</summary>
    SessionClosedRequireAuth = -124,

    /// <summary>A quota would be exceeded. Since 3.7.</summary>
    QuotaExceeded = -125,

    /// <summary>The server is overloaded and did not execute the request. Since 3.6.</summary>
    Throttled = -127,
}
