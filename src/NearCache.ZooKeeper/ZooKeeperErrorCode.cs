namespace NearCache.ZooKeeper;

/// <summary>What a server answers. A newer server may answer a code that has no name here; it is kept as its number.</summary>
/// <remarks>Source: ZooKeeper, KeeperException.Code.</remarks>
public enum ZooKeeperErrorCode
{
    /// <summary>No error.</summary>
    Ok = 0,

    /// <summary>The server failed.</summary>
    SystemError = -1,

    /// <summary>In a failed multi: a part that was not tried.</summary>
    RuntimeInconsistency = -2,

    /// <summary>The server's data contradict each other.</summary>
    DataInconsistency = -3,

    /// <summary>The connection was lost. Never sent by a server.</summary>
    ConnectionLoss = -4,

    /// <summary>The server could not read the request.</summary>
    MarshallingError = -5,

    /// <summary>The server does not know the operation, or was not configured to allow it.</summary>
    Unimplemented = -6,

    /// <summary>The operation took too long. Never sent by a server.</summary>
    OperationTimeout = -7,

    /// <summary>The server refuses the arguments.</summary>
    BadArguments = -8,

    /// <summary>The server does not know the session.</summary>
    UnknownSession = -12,

    /// <summary>A new configuration would have no quorum.</summary>
    NewConfigNoQuorum = -13,

    /// <summary>Another change of the configuration is under way.</summary>
    ReconfigInProgress = -14,

    /// <summary>The first of the codes that concern the request.</summary>
    ApiError = -100,

    /// <summary>There is no such node.</summary>
    NoNode = -101,

    /// <summary>The access rights forbid it.</summary>
    NoAuth = -102,

    /// <summary>The node has another version.</summary>
    BadVersion = -103,

    /// <summary>An ephemeral node can have no children.</summary>
    NoChildrenForEphemerals = -108,

    /// <summary>There is such a node already.</summary>
    NodeExists = -110,

    /// <summary>The node has children.</summary>
    NotEmpty = -111,

    /// <summary>The session has expired.</summary>
    SessionExpired = -112,

    /// <summary>A callback was not valid. Never sent by a server.</summary>
    InvalidCallback = -113,

    /// <summary>The access rights are not valid.</summary>
    InvalidAcl = -114,

    /// <summary>The server refuses the identity.</summary>
    AuthFailed = -115,

    /// <summary>The session has moved to another server.</summary>
    SessionMoved = -118,

    /// <summary>A change was asked of a server that serves reads only.</summary>
    NotReadOnly = -119,

    /// <summary>A local session can make no ephemeral nodes.</summary>
    EphemeralOnLocalSession = -120,

    /// <summary>There is no such watch.</summary>
    NoWatcher = -121,

    /// <summary>The server gave the request up.</summary>
    RequestTimeout = -122,

    /// <summary>Changing the configuration is switched off.</summary>
    ReconfigDisabled = -123,

    /// <summary>The server asks for SASL, or another authentication, first.</summary>
    SessionClosedRequireAuth = -124,

    /// <summary>A quota would be exceeded. Since 3.7.</summary>
    QuotaExceeded = -125,

    /// <summary>The server is overloaded and did not execute the request. Since 3.6.</summary>
    Throttled = -127,
}
