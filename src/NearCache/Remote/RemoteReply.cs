using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>The responses to a group, one for each command in its order, and the connection that carried them.</summary>
internal readonly record struct RemoteReply(IReadOnlyList<MetaResponse> Responses, long ConnectionId);
